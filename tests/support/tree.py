#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints one line for each entry of a tree, in sorted order: what two unpacked trees must have in common.
Usage: tree.py [--no-owner] DIRECTORY"""
import hashlib
import os
import stat
import sys

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFSOCK: "socket"}
# Notes that unprivileged unpackers keep beside a file; no part of the image.
NOT_CONTENT = ("user.rootlesscontainers", "user.overlay.", "trusted.overlay.", "security.selinux")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def attributes(path):
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return ""
    kept = sorted(name for name in names if not name.startswith(NOT_CONTENT))
    return ",".join(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}" for name in kept)


def paths(top):
    yield top
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in folders + names:
            yield os.path.join(folder, name)


def describe(path, name, owner, first_name):
    status = os.lstat(path)
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    words = [name, kind, "-" if kind == "link" else oct(stat.S_IMODE(status.st_mode))]
    if owner:
        words.append(f"{status.st_uid}:{status.st_gid}")
    if kind == "file":
        words += [str(status.st_size), sha256(path)]
        if status.st_nlink > 1:
            words.append("same as " + first_name.setdefault((status.st_dev, status.st_ino), name))
    elif kind == "link":
        words.append("-> " + os.readlink(path))
    elif kind in ("char", "block"):
        words.append(f"{os.major(status.st_rdev)},{os.minor(status.st_rdev)}")
    words.append(str(status.st_mtime_ns // 10**9))
    return "\t".join(words + [attributes(path)])


def main():
    owner = "--no-owner" not in sys.argv
    top = sys.argv[-1].rstrip("/")
    first_name = {}
    for path in sorted(paths(top)):
        name = os.path.relpath(path, top)
        print(describe(path, name, owner, first_name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


main()

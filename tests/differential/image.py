# SPDX-License-Identifier: Apache-2.0
"""Reads a built image, from its manifest to a description of each path, with code that shares nothing with jcbuild:
layers are applied as the OCI image specification says, and every digest on the way is checked."""
import gzip
import hashlib
import io
import json
import os
import posixpath
import subprocess
import tarfile

KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link",
         tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block"}
LONGEST_SHOWN = 300  # contents up to here stand in the description itself
XATTR = "SCHILY.xattr."


class ImageError(Exception):
    """An image that is not what its own digests and the specification say."""


class Layout:
    """The blobs of an OCI layout, or of a `dir:` as skopeo and buildah write it."""

    def __init__(self, top):
        self.top = top
        self.is_layout = os.path.exists(f"{top}/oci-layout")

    def blob(self, digest):
        name = digest.split(":")[1]
        with open(f"{self.top}/blobs/sha256/{name}" if self.is_layout else f"{self.top}/{name}", "rb") as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != name:
            raise ImageError(f"blob {digest} has other bytes")
        return data

    def manifest(self, tag):
        if not self.is_layout:
            with open(f"{self.top}/manifest.json", "rb") as file:
                return json.load(file)
        with open(f"{self.top}/index.json", "rb") as file:
            for entry in json.load(file)["manifests"]:
                if entry.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag:
                    return json.loads(self.blob(entry["digest"]))
        raise ImageError(f"no image {tag} in {self.top}")


def unpacked(data):
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(["zstd", "-qdc"], input=data, capture_output=True, check=True).stdout
    return data


class Node:
    """What stands at one path; hard links share one."""

    def __init__(self, member, data):
        self.kind = KINDS[member.type]
        self.mode, self.owner = member.mode & 0o7777, f"{member.uid}:{member.gid}"
        self.device = f"{member.devmajor},{member.devminor}"
        self.target, self.data = member.linkname, data
        self.attributes = sorted((name[len(XATTR):], value) for name, value in member.pax_headers.items() if name.startswith(XATTR))

    def words(self):
        if self.kind == "link":
            return f"link {self.owner} -> {shown(os.fsencode(self.target))}"
        text = f"{self.kind} {self.mode:o} {self.owner}"
        if self.kind == "file":
            text += " " + content(self.data)
        elif self.kind in ("char", "block"):
            text += " " + self.device
        return text + "".join(f" {{{name}={shown(os.fsencode(value))}}}" for name, value in self.attributes)


def shown(data):
    """Bytes as a case file writes them."""
    return "".join(chr(byte) if 32 < byte < 127 and byte != 92 else {10: "\\n", 13: "\\r", 9: "\\t", 92: "\\\\"}.get(byte, f"\\x{byte:02x}")
                   for byte in data)


def content(data):
    if len(data) > LONGEST_SHOWN:
        return f"{len(data)} sha256:{hashlib.sha256(data).hexdigest()}"
    return "'" + shown(data).replace("\\x20", " ") + "'"


def remove(tree, path, itself=True):
    for name in [name for name in tree if name.startswith(path.rstrip("/") + "/") and name != "/"]:
        del tree[name]
    if itself:
        tree.pop(path, None)


def apply_layer(tree, data):
    made = set()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            path = posixpath.normpath("/" + member.name.lstrip("/"))
            folder, name = posixpath.split(path)
            if ".." in member.name.split("/"):
                raise ImageError(f"layer names {member.name}")
            if name == ".wh..wh..opq":
                for lower in [lower for lower in tree if lower.startswith(folder.rstrip("/") + "/") and lower not in made]:
                    del tree[lower]
            elif name.startswith(".wh."):
                remove(tree, posixpath.join(folder, name[4:]))
            else:
                put(tree, path, member, archive)
                made.add(path)


def put(tree, path, member, archive):
    if member.type == tarfile.LNKTYPE:
        target = posixpath.normpath("/" + member.linkname.lstrip("/"))
        if target not in tree:
            raise ImageError(f"{path} is a hard link to {target}, which is not there")
        node = tree[target]
    else:
        node = Node(member, archive.extractfile(member).read() if member.isreg() else b"")
    if path in tree and (node.kind != "dir" or tree[path].kind != "dir"):
        remove(tree, path)
    tree[path] = node


def check_parents(tree):
    for path in tree:
        folder = posixpath.dirname(path)
        while folder != "/":
            if folder in tree and tree[folder].kind != "dir":
                raise ImageError(f"{path} stands below {folder}, which is no directory")
            folder = posixpath.dirname(folder)


def read_tree(layout, manifest, config):
    tree = {}
    diff_ids = config["rootfs"]["diff_ids"]
    if len(diff_ids) != len(manifest["layers"]):
        raise ImageError(f"{len(manifest['layers'])} layers and {len(diff_ids)} diff IDs")
    if history := config.get("history"):
        filled = [entry for entry in history if not entry.get("empty_layer")]
        if len(filled) != len(diff_ids):
            raise ImageError(f"the history tells of {len(filled)} layers and there are {len(diff_ids)}")
    for descriptor, diff_id in zip(manifest["layers"], diff_ids):
        data = unpacked(layout.blob(descriptor["digest"]))
        if "sha256:" + hashlib.sha256(data).hexdigest() != diff_id:
            raise ImageError(f"layer {descriptor['digest']} is not {diff_id}")
        apply_layer(tree, data)
    check_parents(tree)
    return tree


def describe_tree(tree):
    """Path to words, as a golden line has them. Files with several names say so with their first name."""
    first, lines = {}, {}
    for path in sorted(tree):
        node = tree[path]
        words = node.words()
        if node.kind != "dir" and first.setdefault(id(node), path) != path:
            words += " same as " + shown(os.fsencode(first[id(node)]))
        lines[shown(os.fsencode(path))] = words
    return lines


def describe_config(config):
    """`config KEY` to JSON, for every key that has a value."""
    lines = {}

    def add(key, value, empty_too=False):
        if empty_too or value not in (None, "", [], {}):
            key = f"config {key}"
            lines[key] = json.dumps(value, sort_keys=True) if key not in lines else lines[key] + " and again " + json.dumps(value)

    for entry in config.get("Env") or []:
        name, _, value = entry.partition("=")
        add("Env." + name, value, empty_too=True)
    for name, value in (config.get("Labels") or {}).items():
        add("Labels." + shown(name.encode()), value, empty_too=True)
    for key in ("ExposedPorts", "Volumes"):
        for name in config.get(key) or {}:
            add(f"{key}.{shown(name.encode())}", True)
    for key in ("User", "WorkingDir", "Cmd", "Entrypoint", "StopSignal", "OnBuild", "Shell"):
        add(key, config.get(key))
    add("Healthcheck", {name: value for name, value in (config.get("Healthcheck") or {}).items() if value})
    return lines


def read_image(top, tag):
    """(description, diff IDs) of the image `tag` of a layout, or of the only one of a `dir:`."""
    layout = Layout(top)
    manifest = layout.manifest(tag)
    config = json.loads(layout.blob(manifest["config"]["digest"]))
    description = describe_tree(read_tree(layout, manifest, config))
    description.update(describe_config(config.get("config") or {}))
    return description, config["rootfs"]["diff_ids"]

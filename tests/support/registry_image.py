#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes OCI images of chosen sizes, the same bytes for the same words.

registry_image.py LAYOUT TAG [--layers KIND:MEGABYTES,...] [--platform OS/ARCH[/VARIANT]]... [--level N] [--seed N]
Kinds: text (shrinks to a sixth), random (does not shrink; one file for each 100 MB), files (many of 200 bytes to 16 KB,
half of it random), mixed (8 files). Several platforms make an index. The first layer also has a directory, links and modes.
"""
import argparse
import fcntl
import gzip
import hashlib
import io
import json
import os
import random
import tarfile

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
VENDOR = "application/vnd.oci.image."
MB = 1_000_000


def words(generator, size):
    """Text that gzip shrinks to about a sixth."""
    lines = [" ".join("%s%d" % (generator.choice("abcdefgh") * 4, generator.randrange(300)) for _ in range(12)).encode() + b"\n" for _ in range(220)]
    data = bytearray()
    while len(data) < size:
        data += b"%d " % generator.randrange(10 ** 9) + generator.choice(lines)
    return bytes(data[:size])


def half(generator, size):
    """Half random, half text."""
    return b"".join(generator.randbytes(256) + b"the same words again and again, as in sources; " * 6 for _ in range(size // 538 + 1))[:size]


def text_files(generator, size):
    for number in range(0, size, 8 * MB):
        yield f"usr/share/text/{number // MB:05d}.txt", words(generator, min(8 * MB, size - number))


def random_files(generator, size):
    for number in range(0, size, 100 * MB):
        yield f"usr/lib/lib{number // MB:05d}.so", generator.randbytes(min(100 * MB, size - number))


def many_files(generator, size):
    number = 0
    while size > 0:
        data = half(generator, min(size, generator.randrange(200, 16384)))
        yield f"opt/many/{number // 200:03d}/{number:06d}", data
        size, number = size - len(data), number + 1


def mixed_files(generator, size):
    for number in range(8):
        yield f"opt/mixed/{number}", half(generator, size // 8)


KINDS = {"text": text_files, "random": random_files, "files": many_files, "mixed": mixed_files}


class Counted(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, under):
        super().__init__()
        self.under, self.sum, self.size = under, hashlib.sha256(), 0

    def writable(self):
        return True

    def write(self, data):
        self.sum.update(data)
        self.size += len(data)
        return self.under.write(data)


def entry(name, kind=tarfile.REGTYPE, mode=0o644, target=""):
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.mtime, made.linkname = kind, mode, 1_700_000_000, target
    return made


def fill(archive, kind, size, generator, first):
    folders = set()
    if first:
        archive.addfile(entry("tmp/", tarfile.DIRTYPE, 0o1777))
        archive.addfile(entry("lib", tarfile.SYMTYPE, 0o777, "usr/lib"))
    for name, data in KINDS[kind](generator, size):
        parts = name.split("/")
        for depth in range(1, len(parts)):
            if (folder := "/".join(parts[:depth])) not in folders:
                folders.add(folder)
                archive.addfile(entry(folder + "/", tarfile.DIRTYPE, 0o755))
        made = entry(name, mode=0o755 if name.endswith(".so") else 0o644)
        made.size = len(data)
        archive.addfile(made, io.BytesIO(data))
    archive.addfile(entry(f"{name}.hard", tarfile.LNKTYPE, made.mode, name))


def put(layout, data, kind):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": VENDOR + kind, "digest": f"sha256:{digest}", "size": len(data)}


def put_layer(layout, kind, size, generator, level, first):
    """Returns (descriptor, diff ID)."""
    path = f"{layout}/blobs/sha256/part.{os.getpid()}"
    with open(path, "wb") as raw:
        packed = Counted(raw)
        with gzip.GzipFile("", "wb", level, packed, 0) as zipped:
            plain = Counted(zipped)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as archive:
                fill(archive, kind, size, generator, first)
    digest = packed.sum.hexdigest()
    os.rename(path, f"{layout}/blobs/sha256/{digest}")
    return {"mediaType": VENDOR + "layer.v1.tar+gzip", "digest": f"sha256:{digest}", "size": packed.size}, "sha256:" + plain.sum.hexdigest()


def put_image(layout, options, platform):
    generator = random.Random(f"{options.seed} {platform}")
    layers = []
    for number, word in enumerate(options.layers.split(",")):
        kind, _, size = word.partition(":")
        layers.append(put_layer(layout, kind, int(float(size) * MB), generator, options.level, number == 0))
    config = {**platform, "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"]}, "created": "2024-01-01T00:00:00Z",
              "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
              "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "registry_image"} for _ in layers]}
    manifest = {"schemaVersion": 2, "mediaType": VENDOR + "manifest.v1+json", "config": put(layout, json.dumps(config).encode(), "config.v1+json"),
                "layers": [descriptor for descriptor, _ in layers]}
    return {**put(layout, json.dumps(manifest).encode(), "manifest.v1+json"), "platform": platform}


def parse_platform(text):
    return dict(zip(("os", "architecture", "variant"), text.split("/")))


def write_tag(layout, tag, descriptor):
    """Adds to the layout's index; several of us may do so at once."""
    with open(f"{layout}/lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path, index = f"{layout}/index.json", {"schemaVersion": 2, "manifests": []}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                index = json.load(file)
        index["manifests"].append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
        for name, document in ((path, index), (f"{layout}/oci-layout", {"imageLayoutVersion": "1.0.0"})):
            with open(name, "w", encoding="utf-8") as file:
                json.dump(document, file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("layout")
    parser.add_argument("tag")
    parser.add_argument("--layers", default="text:1,random:12,files:0.3")
    parser.add_argument("--platform", action="append", type=parse_platform)
    parser.add_argument("--level", type=int, default=6)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    os.makedirs(f"{options.layout}/blobs/sha256", exist_ok=True)
    platforms = options.platform or [{"os": "linux", "architecture": MACHINES[os.uname().machine]}]
    images = [put_image(options.layout, options, platform) for platform in platforms]
    if len(images) == 1:
        images[0].pop("platform")
        write_tag(options.layout, options.tag, images[0])
    else:
        index = {"schemaVersion": 2, "mediaType": VENDOR + "index.v1+json", "manifests": images}
        write_tag(options.layout, options.tag, put(options.layout, json.dumps(index).encode(), "index.v1+json"))


if __name__ == "__main__":
    main()

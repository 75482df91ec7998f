# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs of the benchmarks once, below $FIX: a Debian root file system, a layer of packages above it (38000
files together), 500 MB of random data, and an OCI layout (gzip, as registries serve) of those three layers."""
import gzip
import hashlib
import json
import os
import subprocess

from measure import FIX, quiet

SCALE = os.environ.get("SCALE", "full")
PACKAGES = {"full": "python3-scipy g++ libboost-dev git cmake", "small": "python3-minimal"}[SCALE]
RANDOM_MB = {"full": 500, "small": 50}[SCALE]


def make_all():
    os.makedirs(f"{FIX}/tars", exist_ok=True)
    make_once("tars/base.tar", f"mmdebstrap --quiet --format=tar --variant=minbase --include=ca-certificates bookworm {FIX}/tars/base.tar.part")
    make_once("tars/apt.tar", apt_layer())
    os.makedirs(f"{FIX}/big", exist_ok=True)
    make_once("big/random", f"head -c {RANDOM_MB}M /dev/urandom > {FIX}/big/random.part")
    make_once("tars/big.tar", f"tar --numeric-owner --owner=0 --group=0 --mtime=@0 -C {FIX} -cf {FIX}/tars/big.tar.part big")
    if not os.path.exists(f"{FIX}/layout/index.json"):
        make_layout(f"{FIX}/layout")


def make_once(name, command):
    if not os.path.exists(f"{FIX}/{name}"):
        print(f"fixture: {name}", flush=True)
        quiet(f"set -e; {command}; mv {FIX}/{name}.part {FIX}/{name}")


def apt_layer():
    """Unpacks the packages and what they need, which the base lacks, into a tree with merged /usr, and packs it."""
    return f"""
rm -rf {FIX}/root {FIX}/debs {FIX}/apt; mkdir -p {FIX}/root {FIX}/debs/partial {FIX}/apt/usr
tar -C {FIX}/root -xpf {FIX}/tars/base.tar
apt-get -o Dir::State::status={FIX}/root/var/lib/dpkg/status -o Dir::Cache::archives={FIX}/debs -o Debug::NoLocking=1 \
  -y --download-only --no-install-recommends install {PACKAGES}
for deb in {FIX}/debs/*.deb; do dpkg-deb -x "$deb" {FIX}/apt; done
for name in bin sbin lib lib64; do
  if [ -d {FIX}/apt/$name ]; then mkdir -p {FIX}/apt/usr/$name; cp -a {FIX}/apt/$name/. {FIX}/apt/usr/$name/; rm -rf {FIX}/apt/$name; fi
done
tar --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 -C {FIX}/apt -cf {FIX}/tars/apt.tar.part .
rm -rf {FIX}/root {FIX}/debs {FIX}/apt"""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def put(layout, data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": f"sha256:{digest}", "size": len(data)}


def put_layer(layout, name):
    blob = f"{layout}/blobs/sha256/{name}.part"
    with open(f"{FIX}/tars/{name}.tar", "rb") as source, open(blob, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
        while block := source.read(1 << 20):
            packed.write(block)
    digest = sha256(blob)
    os.rename(blob, f"{layout}/blobs/sha256/{digest}")
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": f"sha256:{digest}",
            "size": os.path.getsize(f"{layout}/blobs/sha256/{digest}")}


def make_layout(layout):
    print("fixture: layout", flush=True)
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    machine = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    layers = {name: put_layer(layout, name) for name in ("base", "apt", "big")}
    manifests = []
    for tag, names in (("base", ["base"]), ("apt", ["base", "apt"]), ("full", ["base", "apt", "big"])):
        config = {"architecture": machine, "os": "linux", "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/bin/sh"]},
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(f"{FIX}/tars/{name}.tar") for name in names]},
                  # buildah refuses to commit on an image whose history and layers do not match.
                  "created": "2024-01-01T00:00:00Z", "history": [{"created": "2024-01-01T00:00:00Z", "created_by": name} for name in names]}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": put(layout, json.dumps(config).encode(), "config.v1+json"), "layers": [layers[name] for name in names]}
        entry = put(layout, json.dumps(manifest).encode(), "manifest.v1+json")
        manifests.append({**entry, "annotations": {"org.opencontainers.image.ref.name": tag}})
    with open(f"{layout}/oci-layout", "w", encoding="utf-8") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    with open(f"{layout}/index.json", "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": manifests}, file)

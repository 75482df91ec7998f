# SPDX-License-Identifier: Apache-2.0
"""The images that all cases stand on, as one OCI layout that depends on nothing but busybox:
`base` (the tree below, an almost empty configuration), `parent` (the same tree; every key of the configuration is set,
to be inherited or replaced) and `bare` (the same tree and no configuration at all)."""
import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tarfile

CREATED = "2021-01-01T00:00:00Z"
MTIME = 1500000000
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIGS = {
    "base": {"Env": [PATH], "WorkingDir": "/"},
    "parent": {"Env": [PATH, "INHERITED=yes", "HOME_OF=/srv"], "WorkingDir": "/srv", "User": "app", "Cmd": ["parent-cmd"],
               "Entrypoint": ["/bin/env"], "Labels": {"from": "parent", "kept": "1"}, "ExposedPorts": {"1000/tcp": {}},
               "Volumes": {"/volume": {}}, "StopSignal": "SIGUSR1"},
    "bare": {},
}
PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
app:x:1000:1000:app:/home/app:/bin/sh
numeric:x:2000:100:home missing:/home/numeric:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
"""
GROUP = """root:x:0:
daemon:x:1:
video:x:44:app
users:x:100:
app:x:1000:
plugdev:x:46:app,numeric
nogroup:x:65534:
"""
# type, path, mode, uid:gid, content or target, extended attributes. Directories before what they hold.
TREE = [
    ("dir", "bin", 0o755, (0, 0)),
    ("dir", "dev", 0o755, (0, 0)),
    ("dir", "etc", 0o755, (0, 0)),
    ("file", "etc/group", 0o644, (0, 0), GROUP),
    ("file", "etc/hostname", 0o644, (0, 0), "base\n"),
    ("file", "etc/hosts", 0o644, (0, 0), "127.0.0.1 localhost from-the-base\n"),
    ("file", "etc/passwd", 0o644, (0, 0), PASSWD),
    ("file", "etc/resolv.conf", 0o644, (0, 0), "# from the base\n"),
    ("file", "etc/shadow", 0o640, (0, 42), "root:*:::::::\n"),
    ("dir", "home", 0o755, (0, 0)),
    ("dir", "home/app", 0o750, (1000, 1000)),
    ("file", "home/app/profile", 0o600, (1000, 1000), "mine\n"),
    ("dir", "proc", 0o755, (0, 0)),
    ("dir", "root", 0o700, (0, 0)),
    ("dir", "run", 0o755, (0, 0)),
    ("dir", "srv", 0o755, (0, 0)),
    ("dir", "sys", 0o755, (0, 0)),
    ("dir", "tmp", 0o1777, (0, 0)),
    ("dir", "volume", 0o755, (0, 0)),
    ("file", "volume/old", 0o644, (0, 0), "old\n"),
    # What later layers replace, remove, rename and change.
    ("dir", "lower", 0o755, (0, 0)),
    ("file", "lower/a", 0o644, (0, 0), "lower a\n"),
    ("file", "lower/b", 0o644, (0, 0), "lower b\n"),
    ("link", "lower/dangling", 0o777, (0, 0), "nowhere"),
    ("file", "lower/hard-1", 0o644, (0, 0), "hard\n"),
    ("hard", "lower/hard-2", 0o644, (0, 0), "lower/hard-1"),
    ("link", "lower/link", 0o777, (0, 0), "a"),
    ("file", "lower/owned", 0o600, (1000, 44), "owned\n"),
    ("file", "lower/setuid", 0o6755, (0, 0), "setuid\n"),
    ("dir", "lower/sub", 0o750, (1000, 1000)),
    ("dir", "lower/sub/deep", 0o755, (0, 0)),
    ("file", "lower/sub/deep/file", 0o644, (0, 0), "deep\n"),
    ("file", "lower/sub/file", 0o644, (1000, 1000), "sub\n"),
    ("file", "lower/xattr", 0o644, (0, 0), "xattr\n", {"user.base": "value"}),
    ("file", "lower/caf\udce9", 0o644, (0, 0), "latin-1\n"),
    ("link", "to-absolute", 0o777, (0, 0), "/lower"),
    ("link", "to-outside", 0o777, (0, 0), "../../../../srv"),
    ("link", "to-relative", 0o777, (0, 0), "lower/sub"),
]
TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}


def add(archive, kind, name, mode, owner, content="", attributes=None):
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime = TYPES[kind], mode, MTIME
    member.uid, member.gid = owner
    data = content if isinstance(content, bytes) else content.encode()
    if kind in ("link", "hard"):
        member.linkname, data = content, b""
    member.size = len(data)
    member.pax_headers = {"SCHILY.xattr." + key: value for key, value in (attributes or {}).items()}
    archive.addfile(member, io.BytesIO(data))


def base_layer():
    busybox = shutil.which("busybox")
    if not busybox:
        raise FileNotFoundError("busybox (Debian: busybox-static) is not installed")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        add(archive, "dir", ".", 0o755, (0, 0))
        for entry in TREE:
            add(archive, *entry)
        with open(busybox, "rb") as file:
            add(archive, "file", "bin/busybox", 0o755, (0, 0), file.read())
        for applet in sorted(set(applets) - {"busybox"}):
            add(archive, "link", f"bin/{applet}", 0o777, (0, 0), "busybox")
    return raw.getvalue()


def put(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def make_layout(layout):
    """Writes the layout and returns the layer's diff ID."""
    os.makedirs(f"{layout}/blobs/sha256")
    layer = base_layer()
    diff_id = "sha256:" + hashlib.sha256(layer).hexdigest()
    packed = put(layout, gzip.compress(layer, 1, mtime=0))
    kind = "application/vnd.oci.image."
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    manifests = []
    for name, config in CONFIGS.items():
        # buildah takes no image whose history and layers do not match.
        image = {"architecture": machine, "os": "linux", "config": config, "created": CREATED,
                 "rootfs": {"type": "layers", "diff_ids": [diff_id]}, "history": [{"created": CREATED, "created_by": "base"}]}
        manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                    "config": {"mediaType": kind + "config.v1+json", **put(layout, json.dumps(image).encode())},
                    "layers": [{"mediaType": kind + "layer.v1.tar+gzip", **packed}]}
        manifests.append({"mediaType": kind + "manifest.v1+json", **put(layout, json.dumps(manifest).encode()),
                          "annotations": {"org.opencontainers.image.ref.name": name}})
    for name, data in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("index.json", {"schemaVersion": 2, "manifests": manifests})):
        with open(f"{layout}/{name}", "w", encoding="utf-8") as file:
            json.dump(data, file)
    return diff_id

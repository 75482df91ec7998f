#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The interpreter has the promised version, its standard library is whole, and pip and venv work without network."""
import ctypes
import hashlib
import os
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import zipfile
import zlib

expected = os.environ["PYTHON_VERSION"]
found = "%d.%d" % sys.version_info[:2]
assert found == expected, f"Python {found} where {expected} was promised"
assert subprocess.check_output(["python", "--version"], text=True) == f"Python {sys.version.split()[0]}\n"

assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert zlib.decompress(zlib.compress(b"layer" * 100)) == b"layer" * 100
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert ctypes.CDLL(None).getpid() == os.getpid()
assert ssl.create_default_context().get_ca_certs(), "no certificate authorities: pip could not use https"

# A wheel is a zip archive with these three files beside its modules.
with tempfile.TemporaryDirectory() as work:
    wheel = f"{work}/probe-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("probe.py", "answer = 42\n")
        archive.writestr("probe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
        archive.writestr("probe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("probe-1.0.dist-info/RECORD", "probe.py,,\n")

    # Offline: a venv brings its own pip out of the image.
    subprocess.check_call([sys.executable, "-m", "venv", f"{work}/venv"])
    for pip in ([sys.executable, "-m", "pip", "install", "--target", f"{work}/site"], [f"{work}/venv/bin/pip", "install"]):
        subprocess.check_call([*pip, "--quiet", "--no-index", wheel])
    probe = [f"{work}/venv/bin/python", "-c", "import probe; print(probe.answer, probe.__file__)"]
    in_venv = subprocess.check_output(probe, text=True)
    in_site = subprocess.check_output(probe, text=True, env={**os.environ, "PYTHONPATH": f"{work}/site"})
    assert in_venv.startswith(f"42 {work}/venv/"), in_venv
    assert in_site == f"42 {work}/site/probe.py\n", in_site

print("Python", sys.version.split()[0])
print(subprocess.check_output([sys.executable, "-m", "pip", "--version"], text=True).split(" from ")[0])

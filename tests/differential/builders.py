# SPDX-License-Identifier: Apache-2.0
"""The two programs that build a case, and what each made of it."""
import os
import shutil
import subprocess
from dataclasses import dataclass

from base import CONFIGS
from image import read_image


@dataclass
class Result:
    """description: what image.read_image says, or None where the build failed; then `message` is the program's."""
    description: dict = None
    message: str = ""
    diff_ids: list = None


def run(command, directory, environment, mask, limit=120):
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR") if name in os.environ}
    clean.update(environment)
    try:
        done = subprocess.run(command, cwd=directory, env=clean, umask=mask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} was still running after {limit} s"
    return done.returncode, done.stdout.decode(errors="replace")


def demand(command, directory, environment):
    status, output = run(command, directory, environment, 0o022)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)}: {output}")
    return output.strip()


class Builder:
    """Builds a case: what goes before it, then itself. The programs differ in one build, the tag and where images are."""

    def build(self, case, context):
        for tag, text in case.before:
            write(f"{context}.before", text)
            status, output = self.build_one(["-t", tag, "-f", f"{context}.before"], context)
            if status != 0:
                return Result(message=f"(before: {tag}) {output}")
        tag = self.tag_of(case)
        status, output = self.build_one(["-t", tag, *case.arguments], context)
        if status != 0:
            return Result(message=output)
        description, diff_ids = self.read(tag)
        return Result(description, output, diff_ids)


class Jcbuild(Builder):
    """One store for all cases: steps that cases share come out of it."""

    def __init__(self, program, scratch, isolation):
        self.program, self.store, self.isolation = program, f"{scratch}/store", isolation
        self.environment = {"JCBUILD_STORE": self.store, "JCBUILD_PROGRESS": "plain", "JCBUILD_PACKAGES": f"{scratch}/no-packages"}
        os.makedirs(f"{scratch}/no-packages", exist_ok=True)

    def prepare(self, layout):
        for name in CONFIGS:
            demand([self.program, "copy", f"oci:{layout}:{name}", name], "/", self.environment)

    def tag_of(self, case):
        return f"case-{case.name}"

    def read(self, tag):
        return read_image(f"{self.store}/oci", f"{tag}:latest")

    def build_one(self, arguments, context):
        isolation = [] if self.isolation == "auto" else ["--isolation", self.isolation]
        # The mask of whoever builds has no say in what comes out.
        return run([self.program, "build", *isolation, *arguments, "."], context, self.environment, 0o077)


class Buildah(Builder):
    """One storage for each worker, since its locks make builds wait for each other."""

    def __init__(self, scratch, number):
        self.top = f"{scratch}/buildah-{number}"
        self.program = ["buildah", "--root", f"{self.top}/root", "--runroot", f"{self.top}/run", "--storage-driver", "overlay"]

    def prepare(self, layout):
        if os.path.exists(self.top):
            return
        for name in CONFIGS:
            image = demand([*self.program, "pull", "-q", f"oci:{layout}:{name}"], "/", {}).split("\n")[-1]
            demand([*self.program, "tag", image, f"localhost/{name}"], "/", {})

    def tag_of(self, case):
        return "it"

    def read(self, tag):
        out = f"{self.top}/out"
        shutil.rmtree(out, ignore_errors=True)
        demand([*self.program, "push", "-q", "-D", tag, f"dir:{out}"], "/", {})
        return read_image(out, None)

    def build_one(self, arguments, context):
        fixed = ["--isolation", "chroot", "--layers", "--no-cache", "--identity-label=false", "--format", "docker", "--pull=never"]
        return run([*self.program, "bud", *fixed, *arguments, "."], context, {"SOURCE_DATE_EPOCH": "1"}, 0o022)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

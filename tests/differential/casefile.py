# SPDX-License-Identifier: Apache-2.0
"""Reads the case files (README.md gives their form) and lays out a case's build context."""
import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
import subprocess
import tarfile
from dataclasses import dataclass, field

MTIME = 1600000000  # of everything in a context, so that two runs get the same layers


class CaseError(Exception):
    """A case file that breaks the rules of README.md."""


@dataclass
class Section:
    words: list
    lines: list


@dataclass
class Accepted:
    """Where jcbuild may differ from its peer, what it must have there, and why."""
    wanted: dict
    reason: str


@dataclass
class Case:
    name: str
    about: str
    group: str
    digest: str = ""
    dockerfile: str = ""
    sections: list = field(default_factory=list)  # the context's files, in order
    before: list = field(default_factory=list)    # (tag, Dockerfile) built first
    arguments: list = field(default_factory=list)
    accepted: list = field(default_factory=list)
    no_peer: str = ""
    golden: dict = None
    error: str = None


def unescape(text):
    r"""\xNN, \n, \r, \t, \0 and \\ in names and contents, as bytes."""
    known = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\", "s": b" "}
    out, at = b"", 0
    for match in re.finditer(r"\\(x[0-9a-fA-F]{2}|.)", text):
        out += text[at:match.start()].encode()
        code = match.group(1)
        if code[0] == "x" and len(code) == 3:
            out += bytes([int(code[1:], 16)])
        elif code in known:
            out += known[code]
        else:
            raise CaseError(f"unknown escape \\{code}")
        at = match.end()
    return out + text[at:].encode()


def as_name(word):
    return os.fsdecode(unescape(word))


def trimmed(lines):
    lines = list(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def text_of(lines):
    return "".join(line + "\n" for line in trimmed(lines))


def parse_golden(lines):
    """path or `config KEY` to the words that describe it: the form in which image.py describes trees."""
    wanted = {}
    for line in trimmed(lines):
        if line.startswith("config "):
            _, key, value = line.split(" ", 2)
            key = "config " + key
        elif match := re.fullmatch(r"(\S+(?: [0-7]+)?(?: \d+:\d+)?) (/\S*)(.*)", line):
            key, value = match.group(2), match.group(1) + match.group(3)
        else:
            raise CaseError(f"no golden line: {line}")
        if key in wanted:
            raise CaseError(f"{key} has two golden lines")
        wanted[key] = value
    return wanted


def read_case_file(path):
    group = os.path.splitext(os.path.basename(path))[0]
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    case, section, cases = None, None, []
    for line in lines:
        if line.startswith("=== "):
            name, _, about = line[4:].partition(": ")
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or not about:
                raise CaseError(f"{path}: a case begins with `=== name: sentence`, not {line}")
            case = (Case(name, about, group), [])
            section = Section(["Dockerfile"], [])
            case[1].append(section)
            cases.append(case)
        elif line.startswith("--- "):
            section = Section(line[4:].split(" "), [])
            case[1].append(section)
        elif section:
            section.lines.append(line)
    return [complete(case, sections) for case, sections in cases]


def complete(case, sections):
    try:
        for section in sections:
            take(case, section)
        if (case.golden is not None) != bool(case.no_peer) and case.error is None:
            raise CaseError("`golden` and `no-peer` go together")
    except (CaseError, IndexError, ValueError) as error:
        raise CaseError(f"case {case.name}: {error}") from error
    everything = repr([(section.words, trimmed(section.lines)) for section in sections if section.words[0] != "accept"])
    case.digest = hashlib.sha256(everything.encode()).hexdigest()
    return case


def take(case, section):
    kind, rest = section.words[0], section.words[1:]
    if kind == "Dockerfile":
        case.dockerfile = text_of(section.lines)
    elif kind == "before":
        case.before.append((rest[0], text_of(section.lines)))
    elif kind == "args":
        case.arguments += [as_name(word) for word in rest]
    elif kind == "accept":
        case.accepted.append(Accepted(parse_golden(section.lines), " ".join(rest)))
        if not rest or not case.accepted[-1].wanted:
            raise CaseError("`accept` needs a reason and the lines that jcbuild must have")
    elif kind == "no-peer":
        case.no_peer = " ".join(rest)
    elif kind == "golden":
        case.golden = parse_golden(section.lines)
    elif kind == "error":
        case.error = " ".join(rest)
    elif kind in MAKERS:
        case.sections.append(section)
    else:
        raise CaseError(f"unknown section `{kind}`")


def write_context(case, top):
    """Makes the directory `top` with all that the case declares. Modes and times do not depend on who does it."""
    os.makedirs(top)
    if case.dockerfile:
        write_bytes(os.path.join(top, "Dockerfile"), case.dockerfile.encode())
    for section in case.sections:
        MAKERS[section.words[0]](top, section.words[1:], section.lines)
    for folder, folders, names in os.walk(top, topdown=False):
        for name in folders + names:
            os.utime(os.path.join(folder, name), (MTIME, MTIME), follow_symlinks=False)


def place(top, name):
    path = os.path.join(top, name)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    return path


def write_bytes(path, data, mode=0o644):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def make_file(top, words, lines):
    """file NAME [MODE] [escaped] [NAME=VALUE (an extended attribute)]...: the lines are the content."""
    path = place(top, as_name(words[0]))
    data = unescape("\n".join(trimmed(lines))) if "escaped" in words else text_of(lines).encode()
    write_bytes(path, data)
    for word in words[1:]:
        if "=" in word:
            name, value = word.split("=", 1)
            os.setxattr(path, name, unescape(value))
        elif word != "escaped":
            os.chmod(path, int(word, 8))


def make_files(top, words, _):
    """files NAME...: each holds its own name and a newline."""
    for word in words:
        write_bytes(place(top, as_name(word)), unescape(word) + b"\n")


def make_directory(top, words, _):
    path = place(top, as_name(words[0]))
    os.makedirs(path, exist_ok=True)
    os.chmod(path, int(words[1], 8) if len(words) > 1 else 0o755)


def make_link(top, words, _):
    os.symlink(as_name(words[1]), place(top, as_name(words[0])))


def make_hard_link(top, words, _):
    os.link(os.path.join(top, as_name(words[1])), place(top, as_name(words[0])))


def make_fifo(top, words, _):
    path = place(top, words[0])
    os.mkfifo(path)
    os.chmod(path, 0o644)


def make_big(top, words, _):
    """big NAME BYTES: bytes without a pattern that compresses."""
    size, block, data = int(words[1]), hashlib.sha256(words[0].encode()).digest(), []
    while sum(map(len, data[-1:])) + 32 * (len(data) - 1) < size:
        data.append(block)
        block = hashlib.sha256(block).digest()
    write_bytes(place(top, words[0]), b"".join(data)[:size])


def make_sparse(top, words, _):
    path = place(top, words[0])
    write_bytes(path, b"")
    os.truncate(path, int(words[1]))


def make_archive(top, words, lines):
    """tar NAME: one line a member, `file PATH MODE UID:GID CONTENT`, `dir PATH MODE UID:GID`, `link PATH TARGET`,
    `hard PATH TARGET`; a file's line may end in {NAME=VALUE}, an extended attribute."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for line in trimmed(lines):
            add_member(archive, line.split(" "))
    write_bytes(place(top, words[0]), packed(words[0], raw.getvalue()))


def add_member(archive, words):
    member = tarfile.TarInfo(as_name(words[1]))
    member.mtime = MTIME
    if words[0] in ("link", "hard"):
        member.type = tarfile.SYMTYPE if words[0] == "link" else tarfile.LNKTYPE
        member.linkname = as_name(words[2])
        member.mode = 0o777 if words[0] == "link" else 0o644
        return archive.addfile(member)
    member.mode = int(words[2], 8)
    member.uid, member.gid = map(int, words[3].split(":"))
    if words[0] == "dir":
        member.type = tarfile.DIRTYPE
        return archive.addfile(member)
    if words[-1].startswith("{"):
        name, value = words.pop()[1:-1].split("=", 1)
        member.pax_headers = {"SCHILY.xattr." + name: value}
    data = unescape(" ".join(words[4:]))
    member.size = len(data)
    return archive.addfile(member, io.BytesIO(data))


def packed(name, data):
    if name.endswith((".gz", ".tgz")):
        return gzip.compress(data, mtime=0)
    if name.endswith(".bz2"):
        return bz2.compress(data)
    if name.endswith(".xz"):
        return lzma.compress(data)
    if name.endswith(".zst"):
        return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
    return data


MAKERS = {"file": make_file, "files": make_files, "dir": make_directory, "link": make_link, "hardlink": make_hard_link,
          "fifo": make_fifo, "big": make_big, "sparse": make_sparse, "tar": make_archive}

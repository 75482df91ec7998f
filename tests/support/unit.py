#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one Catch2 program and prints a line for each test case: `ok|FAIL|skip<TAB>seconds<TAB>name<TAB>reason`.

Catch2 2 knows no skipping: a test case that cannot run here says WARN("skip: why") and returns.
Cases tagged [kernel] need namespaces, mounts or seccomp filters of a real kernel: with --emulated they are skipped.
Usage: unit.py [--emulated] [--list] [--filter TEXT] [--label LABEL] PROGRAM [ARGUMENT...]
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--emulated", action="store_true")
    parser.add_argument("--filter", default="")
    parser.add_argument("--label", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def list_cases(command, tags="~[.]"):
    # The exit status is the number of cases in Catch2 2 and 0 in Catch2 3.
    run = subprocess.run(command + [tags, "--list-test-names-only"], capture_output=True, text=True)
    if run.returncode == 0 and not run.stdout.strip():
        run = subprocess.run(command + [tags, "--list-tests", "--verbosity", "quiet"], capture_output=True, text=True)
    return [line.strip() for line in run.stdout.splitlines() if line.strip()]


def escape(name):
    """A test name as Catch2's test specification wants it."""
    return '"' + re.sub(r'([\\,\["])', r"\\\1", name) + '"'


def chosen_cases(options):
    names = list_cases(options.command)
    return [name for name in names if options.filter in f"{options.label}: {name}"]


def run_cases(command, names, all_chosen):
    """The XML report as text (cut short by a crash it may be) and the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        chosen = [] if all_chosen else [",".join(escape(name) for name in names)]
        run = subprocess.run(command + ["-r", "xml", "-d", "yes", "-o", report] + chosen, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        text = ""
        if os.path.exists(report):
            with open(report, encoding="utf-8", errors="replace") as file:
                text = file.read()
        return text, run.returncode, run.stdout.decode(errors="replace")


def short(text):
    return " ".join((text or "").split())[:300]


def failure_of(case):
    for element in case.iter():
        if element.tag == "Expression" and element.get("success") == "false":
            return f"{element.get('filename')}:{element.get('line')}: {short(element.findtext('Expanded'))}"
        if element.tag in ("Exception", "FatalErrorCondition", "Failure"):
            return f"{element.get('filename')}:{element.get('line')}: {short(element.text)}"
    return ""


def judge(case):
    result = case.find("OverallResult")
    seconds = float((result.get("durationInSeconds") if result is not None else None) or 0)
    if result is None or result.get("success") != "true":
        return "FAIL", seconds, failure_of(case)
    for warning in case.iter("Warning"):
        if short(warning.text).lower().startswith("skip"):
            return "skip", seconds, re.sub(r"^skip(ped)?:?\s*", "", short(warning.text), flags=re.I)
    return "ok", seconds, ""


def main():
    options = arguments()
    names = chosen_cases(options)
    if options.list:
        print("\n".join(names))
        return
    if not names:
        if not list_cases(options.command):
            print("FAIL\t0\t(program)\tlists no test case")
        return
    beyond = set(list_cases(options.command, "[kernel]~[.]")) & set(names) if options.emulated else set()
    for name in sorted(beyond):
        print(f"skip\t0\t{name}\tneeds a real kernel: user emulation has no such namespaces, mounts or filters")
    names = [name for name in names if name not in beyond]
    if not names:
        return
    text, status, output = run_cases(options.command, names, not options.filter and not beyond)
    seen = set()
    for block in re.findall(r"<TestCase .*?</TestCase>", text, re.S):
        case = ElementTree.fromstring(block)
        seen.add(case.get("name"))
        print("\t".join(str(part) for part in (lambda v, s, r: (v, f"{s:.2f}", case.get("name"), r))(*judge(case))))
    for name in names:
        if name not in seen:
            print(f"FAIL\t0\t{name}\tnot finished: the program ended with status {status}: {short(output[-300:])}")


main()

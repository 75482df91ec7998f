# SPDX-License-Identifier: Apache-2.0
"""Interleaved whole-process measurement: entrants run A B A B ..., the first one changing from round to round.

CPU is user plus system time of the process and all children it waited for; it is printed before wall time, which on a
shared machine says little. Medians of all rounds.
"""
import os
import statistics
import subprocess
import tempfile
import time

FIX = os.environ.get("FIX") or os.path.join(tempfile.gettempdir(), "jcbuild-bench")
ROUNDS = int(os.environ.get("ROUNDS", "3"))


class Sample:
    def __init__(self, cpu, wall, peak_mb):
        self.cpu, self.wall, self.peak_mb = cpu, wall, peak_mb


def quiet(command, check=True):
    """Runs a shell command outside the clock; its output goes to the log."""
    with open(f"{FIX}/bench.log", "ab") as log:
        status = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
    if check and status:
        raise SystemExit(f"failed ({status}), see {FIX}/bench.log: {command}")
    return status


def once(command):
    with open(f"{FIX}/bench.log", "ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(["bash", "-c", f"exec {command}" if "&&" not in command and ";" not in command else command],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"failed ({os.waitstatus_to_exitcode(status)}), see {FIX}/bench.log: {command}")
    return Sample(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def compare(entrants, rounds=ROUNDS, warm=0):
    """`entrants`: {name: {"run": command, "before": command, "after": command}} -> {name: Sample of medians}."""
    samples = {name: [] for name in entrants}
    for turn in range(rounds + warm):
        names = list(entrants)
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            entrant = {key: value.replace("{turn}", str(turn)) for key, value in entrants[name].items()}
            quiet(entrant.get("before", "true"))
            quiet(f"sync -f {FIX}")  # what came before is not billed to this one
            sample = once(entrant["run"])
            quiet(entrant.get("after", "true"))
            if turn >= warm:
                samples[name].append(sample)
    return {name: median(taken) for name, taken in samples.items()}


def median(samples):
    return Sample(statistics.median(s.cpu for s in samples), statistics.median(s.wall for s in samples), max(s.peak_mb for s in samples))


def per_step(many, one, steps):
    """The cost of one step of a run of `steps`, less the cost of a run of one."""
    return Sample((many.cpu - one.cpu) / (steps - 1), (many.wall - one.wall) / (steps - 1), max(many.peak_mb, one.peak_mb))


def show(what, results, goal=""):
    """One line an entrant, in milliseconds; buildah's beside ours as a ratio."""
    ours, theirs = results.get("jcbuild"), results.get("buildah")
    for name, sample in results.items():
        print(f"{what:<34} {name:<8} cpu {sample.cpu * 1000:9.1f} ms   wall {sample.wall * 1000:9.1f} ms   peak {sample.peak_mb:6.1f} MB", flush=True)
    if ours and theirs:
        ratio = lambda a, b: f"{a / b:.1f}x" if b > 0 else "-"
        print(f"{what:<34} ratio    cpu {ratio(theirs.cpu, ours.cpu):>9}      wall {ratio(theirs.wall, ours.wall):>9}      {goal}", flush=True)
    elif goal:
        print(f"{what:<34} goal     {goal}", flush=True)

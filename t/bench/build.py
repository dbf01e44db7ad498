#!/usr/bin/env python3
"""What the first build costs, and where the time goes.

usage: t/bench/build.py [--keep DIRECTORY] [ARGUMENTS OF cargo build]

Builds into a fresh directory, by default with --release, and tells the processor time of everything, of the program's own crates, and
of the ten crates that take the most, beside the time that passed. Processor time is what to compare: it is much the same on a busy
machine. What dependencies in C take shows in the sum alone. For other settings than those of Cargo.toml, give them as cargo takes them:
--config 'profile.release.lto="thin"', or --profile dist.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

LOG = "PINGAUGE_BUILD_LOG"


def used():
    """Processor seconds of all children that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compile_one(command):
    """Stands before the compiler: runs it, and notes what it took."""
    start = time.monotonic()
    code = subprocess.call(command)
    name = "?"
    if "--crate-name" in command:
        name = command[command.index("--crate-name") + 1]
    with open(os.environ[LOG], "a", encoding="utf-8") as log:
        log.write(f"{name} {used():.2f} {time.monotonic() - start:.2f}\n")
    sys.exit(code)


def main():
    arguments = sys.argv[1:]
    directory = None
    if arguments[:1] == ["--keep"]:
        directory, arguments = arguments[1], arguments[2:]
    directory = directory or tempfile.mkdtemp(prefix="pingauge-build-")
    log = os.path.join(directory, "crates")
    os.makedirs(directory, exist_ok=True)
    environment = {
        **os.environ,
        LOG: log,
        "RUSTC_WRAPPER": os.path.abspath(__file__),
        "CARGO_TARGET_DIR": directory,
    }
    start = time.monotonic()
    command = ["cargo", "build", *(arguments or ["--release"])]
    code = subprocess.call(command, env=environment)
    passed, total = time.monotonic() - start, used()
    with open(log, encoding="utf-8") as file:
        crates = [line.split() for line in file]
    crates.sort(key=lambda crate: -float(crate[1]))
    own = sum(float(seconds) for name, seconds, _ in crates if name == "pingauge")
    print(f"\n{' '.join(command)}: {passed:.0f} s passed, {total:.0f} s of processors, {own:.0f} s of that for pingauge itself")
    for name, seconds, wall in crates[:10]:
        print(f"{float(seconds):8.1f} s of processors {float(wall):8.1f} s passed  {name}")
    sys.exit(code)


if LOG in os.environ:
    compile_one(sys.argv[1:])
else:
    main()

"""Servers that a bench compares: how they are started, and what they take."""
import getpass
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

DIRECTORY = tempfile.mkdtemp()
os.chmod(DIRECTORY, 0o755)


def start(program, port, text, processor, under=(), **variables):
    """A server of this configuration, once it accepts at `port`."""
    path = f"{DIRECTORY}/{port}.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    command = ["taskset", "-c", str(processor), *under, program, "-c", path, "-p", DIRECTORY]
    surroundings = {**os.environ, **variables}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=surroundings)
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), 0.3).close()
            return process
        except OSError:
            time.sleep(0.05)
        if process.poll() is not None:
            break
    process.terminate()
    sys.exit(f"{program} does not start: {process.stderr.read().decode()}")


def stop(processes):
    for process in processes:
        process.terminate()
        process.wait()


def family(pid):
    yield pid
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            for child in file.read().split():
                yield from family(int(child))


def cpu_us(pid):
    """The time that a server's processes have run."""
    total = 0
    for member in family(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1000


def cost(process, work):
    """The time that a server has run for each request of `work`, which says how many there were."""
    before = cpu_us(process.pid)
    requests = work()
    return (cpu_us(process.pid) - before) / requests


def compare(name, servers, rounds, cost_of):
    """Prints what a case costs each server beside nginx. The servers take turns forwards and backwards; a round
    before the others does not count."""
    costs = {one: [] for one in servers}
    for number in range(rounds + 1):
        order = list(servers) if number % 2 else list(servers)[::-1]
        for one in order:
            used = cost_of(one)
            if number > 0:
                costs[one].append(used)
    for one in servers:
        ratios = [own / its for own, its in zip(costs[one], costs["nginx"])]
        print(
            f"{name:30} {one:9} {statistics.median(costs[one]):7.2f} us  "
            f"{statistics.median(ratios):.2f} x nginx ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


def make_shim():
    """What has the workers of ours run under valgrind."""
    source = os.path.join(os.path.dirname(__file__), "callgrind.c")
    shim = f"{DIRECTORY}/callgrind.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True)


def instructions(program, port, text, work):
    """What the worker of a fresh server has executed when `work` is done."""
    # Valgrind writes at the beginning and at the end, as whoever the worker is then.
    text = f"user {getpass.getuser()}; " + text
    place = tempfile.mkdtemp(dir=DIRECTORY)
    os.chmod(place, 0o777)
    out = f"--callgrind-out-file={place}/%p"
    if program == "nginx":
        under = ["valgrind", "--quiet", "--tool=callgrind", "--trace-children=yes", out]
        process = start(program, port, text, 1, under)
    else:
        shim = {"CALLGRIND_OUT": out, "CALLGRIND_PROGRAM": os.path.abspath(program)}
        process = start(program, port, text, 1, LD_PRELOAD=f"{DIRECTORY}/callgrind.so", **shim)
    try:
        work()
        # By itself, and not within the patience of its master, which starts another one.
        worker = list(family(process.pid))[1]
        os.kill(worker, signal.SIGTERM)
        return total(f"{place}/{worker}")
    finally:
        stop([process])


def total(name):
    for _ in range(600):
        time.sleep(0.05)
        if os.path.exists(name):
            with open(name, encoding="utf-8", errors="replace") as file:
                found = re.search(r"^totals: (\d+)", file.read(), re.MULTILINE)
            if found:
                return int(found.group(1))
    sys.exit(f"valgrind has not written {name}")

#!/usr/bin/env python3
"""What a session zone adds to the cost of a request, and what a listing of many sessions does to others.

usage: t/bench/sessions.py [BINARY] [--seconds S] [--rounds N] [--live N] [--listed N]

Needs wrk. One server with one worker on one processor, the load generator on the other. Two locations differ in
`session` alone; the same requests, with ids of `--live` sessions in turn, go to each, forwards and backwards. CPU is
the run time of the worker as the scheduler counts it. Printed are the medians in microseconds and the median of the
rounds' differences, with the least and the most, and what the keeper takes for its sweeps. Then `--listed` sessions are made and listed in a loop, while
single small requests are timed: their 50th, 99th and 99.9th percentile in milliseconds, without the listing and with it.
"""
import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

DIRECTORY = tempfile.mkdtemp()
PORT = 21390
SCRIPT = """
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", "PATH?k=viewer-of-sixteen-" .. (n * 7919) % LIVE)
end
"""
CONFIGURATION = f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid; error_log {DIRECTORY}/error error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
 session_zone live:64m timeout=10m; session_zone listed:256m timeout=10m;
 server {{ listen 127.0.0.1:{PORT}; root {DIRECTORY};
  location = /without {{ try_files /small =404; }}
  location = /with {{ session live $arg_k reference=r location=$uri; try_files /small =404; }}
  location = /listed {{ session listed $arg_k reference=r location=$uri; try_files /small =404; }}
  location /status/ {{ api /status/; }} }} }}"""


def start(program):
    os.chmod(DIRECTORY, 0o755)
    with open(f"{DIRECTORY}/small", "w", encoding="ascii") as file:
        file.write("01234567890123456789")
    path = f"{DIRECTORY}/conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    process = subprocess.Popen(["taskset", "-c", "1", program, "-c", path, "-p", DIRECTORY], stderr=subprocess.PIPE)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", PORT), 0.3).close()
            return process
        except OSError:
            time.sleep(0.05)
        if process.poll() is not None:
            break
    sys.exit(f"{program} does not start: {process.stderr.read().decode()}")


def family(pid):
    yield pid
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            for child in file.read().split():
                yield from family(int(child))


def cpu_us(pid, title):
    total = 0
    for member in family(pid):
        with open(f"/proc/{member}/cmdline", encoding="ascii") as file:
            if title not in file.read():
                continue
        for task in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1000


def load(path, live, seconds):
    name = f"{DIRECTORY}/script.lua"
    with open(name, "w", encoding="utf-8") as file:
        file.write(SCRIPT.replace("PATH", path).replace("LIVE", str(live)))
    command = ["taskset", "-c", "0", "wrk", "-t1", "-c32", f"-d{seconds}", "-s", name, f"http://127.0.0.1:{PORT}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"(Non-2xx|Socket errors).*", said)
    if failures:
        sys.exit(f"{path}: {failures.group(0)}")
    return int(re.search(r"(\d+) requests in", said).group(1))


def compare(process, options):
    costs, keeping = {"/without": [], "/with": []}, []
    for number in range(options.rounds + 1):
        for path in list(costs) if number % 2 else list(costs)[::-1]:
            before, kept = cpu_us(process.pid, "worker process"), cpu_us(process.pid, "keeper process")
            requests = load(path, options.live, options.seconds)
            if number > 0:
                costs[path].append((cpu_us(process.pid, "worker process") - before) / requests)
                keeping.append((cpu_us(process.pid, "keeper process") - kept) / options.seconds / 1000)
    without, with_one = costs["/without"], costs["/with"]
    added = [own - bare for own, bare in zip(with_one, without)]
    print(
        f"a request: {statistics.median(without):.2f} us, with a session {statistics.median(with_one):.2f} us, "
        f"added {statistics.median(added):.2f} us ({min(added):.2f} to {max(added):.2f})",
        flush=True,
    )
    print(f"the keeper: {statistics.median(keeping):.1f} ms in a second", flush=True)


def shown(path):
    with socket.create_connection(("127.0.0.1", PORT)) as connection:
        connection.sendall(f"GET /status/http/session_zones/{path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(1 << 20):
            answer += piece
    return answer.partition(b"\r\n\r\n")[2]


def times(seconds):
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        connection.sendall(b"GET /without HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"\r\n\r\n01234567890123456789"):
            answer += connection.recv(4096)
        taken.append(1000 * (time.monotonic() - begun))
    connection.close()
    taken.sort()
    return [taken[int(len(taken) * part)] for part in (0.5, 0.99, 0.999)]


def listing(options):
    # The generator goes round more than once.
    while int(shown("listed/sessions/active")) < options.listed:
        load("/listed", options.listed, 2)
    over = threading.Event()

    def lister():
        while not over.is_set():
            shown("listed/")

    names = ("idle", "listed")
    for name in names:
        thread = threading.Thread(target=lister)
        if name == "listed":
            thread.start()
        percentiles = " ".join(f"{one:.2f}" for one in times(5 * options.seconds))
        print(f"small requests, {name}: {percentiles} ms", flush=True)
    over.set()
    thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", nargs="?", default="target/release/pingauge")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--live", type=int, default=10_000)
    parser.add_argument("--listed", type=int, default=100_000)
    options = parser.parse_args()
    process = start(options.binary)
    try:
        compare(process, options)
        listing(options)
    finally:
        process.terminate()
        process.wait()


main()

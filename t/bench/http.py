#!/usr/bin/env python3
"""Requests per second and CPU per request with 0, 1 and 5 metrics, beside nginx in the same run.

usage: t/bench/http.py BINARY [SECONDS] [ROUNDS]

Needs nginx and wrk. Everything runs on loopback and is ended by its process id. The servers take
turns, round by round, so that a machine whose speed drifts treats them alike; what is printed is
the median with the least and the most, and the ratio to nginx doing the same without metrics.
CPU is user and system time of the server's processes, the load generator not included.
"""
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/pingauge"
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3
ORIGIN, FIRST_PORT = 18999, 18900
DIRECTORY = tempfile.mkdtemp()
TICK = os.sysconf("SC_CLK_TCK")

MODES = ["count", "gauge", "max", "average exp", "histogram 1 10 100 1000"]
ZONES = " ".join(f"metric_zone z{i}:1m {mode};" for i, mode in enumerate(MODES))
ONE = "metric z0 k=1;"
FIVE = " ".join(f"metric z{i} k=$request_time;" for i in range(5))
FIVE_OF_THOUSAND = " ".join(f"metric z{i} $arg_k=$request_time;" for i in range(5))
RETURN = 'return 200 "ok";'
PROXY = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";'
CASES = [
    ("return, no metric", "nginx", "", RETURN),
    ("return, no metric", "pingauge", "", RETURN),
    ("return, 1 metric, 1 key", "pingauge", ONE, RETURN),
    ("return, 5 metrics, 1 key", "pingauge", FIVE, RETURN),
    ("return, 5 metrics, 1000 keys", "pingauge", FIVE_OF_THOUSAND, RETURN),
    ("proxy, no metric", "nginx", "", PROXY),
    ("proxy, no metric", "pingauge", "", PROXY),
    ("proxy, 1 metric, 1 key", "pingauge", ONE, PROXY),
    ("proxy, 5 metrics, 1 key", "pingauge", FIVE, PROXY),
]
SCRIPT = """
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", "/?k=key-of-sixteen-" .. (n * 7919) % 1000)
end
"""


def configuration(port, server, metrics, content):
    zones = ZONES if server == "pingauge" else ""
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; {zones}
upstream origin {{ server 127.0.0.1:{ORIGIN}; keepalive 64; }}
server {{ listen 127.0.0.1:{port}; location / {{ {metrics} {content} }} }} }}"""


def start(server, port, text):
    path = f"{DIRECTORY}/{port}.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    program = BINARY if server == "pingauge" else "nginx"
    process = subprocess.Popen([program, "-c", path, "-p", DIRECTORY], stderr=subprocess.PIPE)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.3).close()
            return process
        except OSError:
            time.sleep(0.05)
        if process.poll() is not None:
            break
    sys.exit(f"{program} does not start: {process.stderr.read().decode()}")


def family(pid):
    yield pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            yield from family(int(child))


def cpu_seconds(pid):
    ticks = 0
    for member in family(pid):
        with open(f"/proc/{member}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def load(port, seconds):
    script = f"{DIRECTORY}/keys.lua"
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT)
    command = ["wrk", "-t1", "-c32", f"-d{seconds}", "-s", script, f"http://127.0.0.1:{port}/"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def measure(case, port):
    _, server, metrics, content = case
    process = start(server, port, configuration(port, server, metrics, content))
    try:
        load(port, 1)
        before = cpu_seconds(process.pid)
        said = load(port, SECONDS)
        used = cpu_seconds(process.pid) - before
    finally:
        process.terminate()
        process.wait()
    failures = re.search(r"(Non-2xx|Socket errors).*", said)
    if failures:
        sys.exit(f"{case[0]} ({server}): {failures.group(0)}")
    requests = int(re.search(r"(\d+) requests in", said).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    return rate, used / requests * 1e6


def main():
    origin = start("nginx", ORIGIN, configuration(ORIGIN, "nginx", "", RETURN))
    results = {}
    try:
        for _ in range(ROUNDS):
            for number, case in enumerate(CASES):
                results.setdefault(number, []).append(measure(case, FIRST_PORT + number))
    finally:
        origin.terminate()
        origin.wait()
    reference = None
    for number, (name, server, _, _) in enumerate(CASES):
        rates, costs = zip(*results[number])
        cost = statistics.median(costs)
        if server == "nginx":
            reference = cost
        print(
            f"{name:30} {server:9} {statistics.median(rates):8.0f} requests/s "
            f"({min(rates):.0f} to {max(rates):.0f}), {cost:5.2f} us CPU each "
            f"({min(costs):.2f} to {max(costs):.2f}), {cost / reference:.2f} x nginx"
        )


main()

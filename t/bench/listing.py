#!/usr/bin/env python3
"""Latency of updates while a large zone is listed over and over, beside the same load without.

usage: t/bench/listing.py BINARY [KEYS] [SECONDS]

Needs wrk and curl. Two workers; a zone is filled with KEYS keys (1,000,000 unless told), then wrk
updates known keys, first alone, then while curl lists the zone as JSON and scrapes it as a
Prometheus page in a loop, then alone again. Printed: p50 and p99 of each stretch, the CPU that the
listings took for each key, and the most memory that a worker had beside the zone.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/dist/pingauge"
KEYS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 8
ALONE = 5
PORT = 18899
DIRECTORY = tempfile.mkdtemp()
CONFIGURATION = f"""daemon off; worker_processes 2; pid {DIRECTORY}/pid;
error_log {DIRECTORY}/error.log warn; events {{ }}
http {{ access_log off; keepalive_requests 1000000000;
metric_zone z:{max(KEYS * 100 // 1048576, 1)}m count;
prometheus_template page {{ 'z{{key="$1"}}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)$; }}
server {{ listen 127.0.0.1:{PORT};
location /u {{ metric z $arg_k on=request; return 204; }}
location /list/ {{ api /status/http/metric_zones/z/; }}
location = /page {{ prometheus page; }} }} }}"""
SCRIPT = f"""
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", string.format("/u?k=key-%08d", (n * 7919) % {KEYS}))
end
"""


def fill():
    """Adds every key once, pipelined."""
    connection = socket.create_connection(("127.0.0.1", PORT))
    stream = connection.makefile("rb")
    for first in range(0, KEYS, 500):
        keys = range(first, min(first + 500, KEYS))
        request = "GET /u?k=key-{:08d} HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall("".join(request.format(key) for key in keys).encode())
        for _ in keys:
            while stream.readline() not in (b"\r\n", b""):
                pass


def load():
    script = f"{DIRECTORY}/keys.lua"
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT)
    url = f"http://127.0.0.1:{PORT}/"
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}", "--latency", "-s", script, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    quantile = lambda name: re.search(rf"{name}%\s+([\d.]+\w+)", said).group(1)
    return quantile(50), quantile(99), re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", said).group(1)


def memory(workers):
    """Megabytes that are the workers' own: the zone's pages are not counted."""
    def own(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) / 1024
    return max(own(pid) for pid in workers)


def processor(workers):
    """Seconds of processor time that the workers have taken, threads that ended included."""
    ticks = 0
    for pid in workers:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            ticks += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def fetch(target):
    url = f"http://127.0.0.1:{PORT}/{target}"
    subprocess.run(["curl", "-s", "-o", os.devnull, url], check=True)


def main():
    path = f"{DIRECTORY}/pingauge.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    server = subprocess.Popen([BINARY, "-c", path, "-p", DIRECTORY])
    try:
        time.sleep(1)
        fill()
        with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
            workers = [int(pid) for pid in file.read().split()]
        print("alone             p50 %s  p99 %s  max %s" % load())
        before = memory(workers)
        for name, target in (("JSON", "list/metrics/"), ("Prometheus", "page")):
            listings, most, done = 0, before, threading.Event()

            def listing(target=target):
                nonlocal listings
                while not done.is_set():
                    fetch(target)
                    listings += 1

            def watch():
                nonlocal most
                while not done.is_set():
                    most = max(most, memory(workers))
                    time.sleep(0.05)

            threads = [threading.Thread(target=listing), threading.Thread(target=watch)]
            for thread in threads:
                thread.start()
            figures = load()
            done.set()
            for thread in threads:
                thread.join()
            print("while listed      p50 %s  p99 %s  max %s" % figures, end="")
            print(f"  ({listings} {name} listings, +{most - before:.1f} MB)")
            began, taken = time.monotonic(), processor(workers)
            for _ in range(ALONE):
                fetch(target)
            lasted = (time.monotonic() - began) / ALONE
            each = (processor(workers) - taken) / ALONE / KEYS * 1e6
            print(f"{name} listed alone: {each:.3f} us of processor time a key, {lasted:.2f} s")
        print("alone             p50 %s  p99 %s  max %s" % load())
    finally:
        server.terminate()
        server.wait()


main()

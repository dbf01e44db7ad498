#!/usr/bin/env python3
"""Latency of small requests while pages of `console` look at a large zone, beside the same requests while nobody looks.

usage: t/bench/pages.py BINARY [KEYS] [SECONDS] [PAGES]

Needs Chromium. Two workers; a zone is filled with KEYS keys (1,000,000 unless told). Then four connections send a request every
millisecond in turn for SECONDS (10), by turns without pages and with PAGES of them (5), each in a Chromium of its own that shows the
zone's table and yields its processor time to the server (nice 19). Printed: p50, p99, p99.9 and max of each stretch, and what the
pages asked for meanwhile.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/dist/pingauge"
KEYS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
PAGES = int(sys.argv[4]) if len(sys.argv) > 4 else 5
ROUNDS = 3
PORT = 18898
DIRECTORY = tempfile.mkdtemp()
CONFIGURATION = f"""daemon off; worker_processes 2; pid {DIRECTORY}/pid;
error_log {DIRECTORY}/error.log warn; events {{ }}
http {{ keepalive_requests 1000000000; access_log off;
metric_zone z:{max(KEYS * 100 // 1048576, 1)}m count;
server {{ listen 127.0.0.1:{PORT};
location /u {{ metric z $arg_k on=request; return 204; }}
location /status/ {{ api /status/; access_log {DIRECTORY}/asked.log; }}
location = / {{ console /status/; }} }} }}"""


def head(key):
    return f"GET /u?k=key-{key:08d} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def connect():
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def fill():
    """Adds every key once, pipelined."""
    connection = connect()
    stream = connection.makefile("rb")
    for first in range(0, KEYS, 500):
        keys = range(first, min(first + 500, KEYS))
        connection.sendall(b"".join(map(head, keys)))
        for _ in keys:
            while stream.readline() not in (b"\r\n", b""):
                pass


def stretch():
    """Quantiles of latency, in milliseconds."""
    connections = [connect() for _ in range(4)]
    taken, due, end = [], time.perf_counter(), time.perf_counter() + SECONDS
    number = 0
    while due < end:
        due += 0.001
        time.sleep(max(due - time.perf_counter(), 0))
        number += 1
        connection, key = connections[number % 4], number * 7919 % KEYS
        start = time.perf_counter()
        connection.sendall(head(key))
        while not connection.recv(4096).endswith(b"\r\n\r\n"):
            pass
        taken.append((time.perf_counter() - start) * 1e3)
        # What could not be sent in time is not sent later.
        due = max(due, time.perf_counter() - 0.001)
    for connection in connections:
        connection.close()
    taken.sort()
    at = lambda share: taken[min(int(len(taken) * share), len(taken) - 1)]
    return at(0.5), at(0.99), at(0.999), taken[-1]


def asked():
    try:
        with open(f"{DIRECTORY}/asked.log", "rb") as log:
            return log.read().count(b"\n")
    except FileNotFoundError:
        return 0


def look(number):
    """A page, in a Chromium of its own, because tabs that nobody sees ask for nothing."""
    return subprocess.Popen(
        ["nice", "-n", "19", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--remote-debugging-port=0", f"--user-data-dir={DIRECTORY}/profile{number}",
         f"http://127.0.0.1:{PORT}/#/zone/z"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def show(name, figures, more=""):
    print("%-20s p50 %6.3f  p99 %6.3f  p99.9 %6.3f  max %6.2f ms%s" % (name, *figures, more), flush=True)


def main():
    path = f"{DIRECTORY}/pingauge.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    server = subprocess.Popen([BINARY, "-c", path, "-p", DIRECTORY])
    try:
        time.sleep(1)
        fill()
        for _ in range(ROUNDS):
            show("nobody looks", stretch())
            pages = [look(number) for number in range(PAGES)]
            try:
                # Until they have begun, they take what processors there are.
                time.sleep(15)
                before = asked()
                figures = stretch()
                show(f"{PAGES} pages", figures, f"  ({(asked() - before) / SECONDS:.1f} questions a second)")
            finally:
                for page in pages:
                    os.killpg(page.pid, 15)
                    page.wait()
                time.sleep(2)
    finally:
        server.terminate()
        server.wait()


main()

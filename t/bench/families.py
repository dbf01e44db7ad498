#!/usr/bin/env python3
"""What a page of families costs in memory: one client, many that read nothing, and some that leave.

usage: t/bench/families.py BINARY [OTHER] [KEYS]

With OTHER, a binary of another version, both are measured in turn. Printed for each of KEYS keys (1,000,000
unless told), in MiB beside what the worker had before and while the zone was filled: the most memory while one
client reads a page as labels and one as families, what is left after it, the most while 64 clients read nothing,
what one more client hears meanwhile and after how long, the processor time spent after all clients have left,
and what is left then.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

BINARIES = [word for word in sys.argv[1:] if not word.isdigit()] or ["target/dist/pingauge"]
KEYS = next((int(word) for word in sys.argv[1:] if word.isdigit()), 1_000_000)
MANY = 64
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, binary):
        self.directory, self.port = tempfile.mkdtemp(), free_port()
        path = f"{self.directory}/conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""daemon off; worker_processes 1; pid {self.directory}/pid; error_log {self.directory}/error.log;
events {{ }} http {{ access_log off; keepalive_requests 1000000000; send_timeout 600s;
metric_zone z:{max(KEYS * 120 // 1048576, 1)}m count;
prometheus_template labels {{ metric_zone z; }} prometheus_template families {{ metric_zone z keys=families; }}
server {{ listen 127.0.0.1:{self.port};
location /u {{ metric z $arg_k on=request; return 204; }}
location /labels {{ prometheus labels; }} location /families {{ prometheus families; }} }} }}""")
        self.master = subprocess.Popen([binary, "-c", path])
        deadline = time.time() + 10
        while time.time() < deadline and socket.socket().connect_ex(("127.0.0.1", self.port)):
            time.sleep(0.05)
        children = open(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read().split()
        self.worker = next(pid for pid in children if b"worker process" in open(f"/proc/{pid}/cmdline", "rb").read()
                           or len(children) == 1)

    def fill(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        stream = connection.makefile("rb")
        for first in range(0, KEYS, 500):
            some = range(first, min(first + 500, KEYS))
            request = "GET /u?k=page_number_{:08d} HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.sendall("".join(request.format(key) for key in some).encode())
            for _ in some:
                while stream.readline() not in (b"\r\n", b""):
                    pass

    def memory(self):
        """Beside what is shared with others."""
        status = open(f"/proc/{self.worker}/status").read()
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024

    def seconds(self):
        fields = open(f"/proc/{self.worker}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def ask(self, path, buffer=None):
        client = socket.socket()
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.connect(("127.0.0.1", self.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return client

    def stop(self):
        self.master.terminate()
        self.master.wait()


class Peak:
    """The most memory within a block."""

    def __init__(self, server):
        self.server, self.most, self.ended = server, 0, False

    def __enter__(self):
        self.base = self.server.memory()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.ended:
            self.most = max(self.most, self.server.memory())
            time.sleep(0.01)

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()


def read(client):
    began, bytes_read, first = time.time(), 0, b""
    while piece := client.recv(1 << 20):
        first = first or piece[:200]
        bytes_read += len(piece)
    return first.split(b"\r\n")[0].decode(), bytes_read, time.time() - began


def measure(binary):
    server = Server(binary)
    server.fill()
    base = server.memory()
    print(f"{binary}: {KEYS} keys, worker {base:.0f} MiB")
    for path in ("/labels", "/families"):
        with Peak(server) as peak:
            status, size, took = read(server.ask(path))
        time.sleep(1)
        print(f"  one client of {path}: {status}, {size / 2**20:.0f} MiB in {took:.1f} s, "
              f"at most +{peak.most - base:.0f} MiB, afterwards +{server.memory() - base:.0f}")
    with Peak(server) as peak:
        clients = [server.ask("/families", 4096) for _ in range(MANY)]
        time.sleep(1)
        status, _, took = read(server.ask("/families"))
        time.sleep(4)
        for client in clients:
            client.close()
    print(f"  {MANY} clients that read nothing: at most +{peak.most - base:.0f} MiB; one more: {status} after {took:.1f} s")
    time.sleep(1)
    before = server.seconds()
    time.sleep(5)
    print(f"  after they left: {server.seconds() - before:.2f} s of processor time in 5 s, +{server.memory() - base:.0f} MiB")
    leaving = server.ask("/families")
    time.sleep(0.1)
    leaving.close()
    time.sleep(0.3)
    before = server.seconds()
    time.sleep(3)
    print(f"  one that left at once: {server.seconds() - before:.2f} s of processor time in 3 s")
    server.stop()


for each in BINARIES:
    measure(each)

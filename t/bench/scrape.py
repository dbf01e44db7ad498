#!/usr/bin/env python3
"""What a Prometheus page costs: processor time, time and memory, for zones of several sizes.

usage: t/bench/scrape.py BINARY [OTHER] [PAGES]

With OTHER, a binary of another version, both are measured in turn in one run, as far as it knows the
directives. Printed for each page, as the median of PAGES (20 unless told): lines, bytes, processor time
of the worker, time until the last byte, and the most memory beside the zone.
"""
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STOCK = os.path.join(HERE, "../../conf/prometheus_all.conf")
BINARIES = [word for word in sys.argv[1:] if not word.isdigit()] or ["target/dist/pingauge"]
PAGES = next((int(word) for word in sys.argv[1:] if word.isdigit()), 20)
TICK = os.sysconf("SC_CLK_TCK")
ZONES = {"small": 8_000, "large": 100_000}
OPEN = {"Accept": "application/openmetrics-text"}
PACKED = {"Accept-Encoding": "gzip"}


def configuration(directory, port, is_new):
    stock = open(STOCK, encoding="utf-8").read()
    # The statements without the keys of metric zones, which every version understands.
    stock = re.sub(r"(?ms)^\s*'?(pingauge_|metric_zone).*?;\n", "", stock)
    with open(f"{directory}/stock.conf", "w", encoding="utf-8") as file:
        file.write(stock)
    zones, templates, locations = "", "", ""
    for name, keys in ZONES.items():
        zones += f"metric_zone {name}:{max(keys * 120 // 1048576, 1)}m count;\n"
        locations += f"location /u/{name} {{ metric {name} $arg_k on=request; return 204; }}\n"
        templates += (f"prometheus_template {name} {{ '{name}_total{{key=\"$1\"}}' $p8s_value "
                      f"path=~^/http/metric_zones/{name}/metrics/(.+)$ type=counter; }}\n")
        locations += f"location /page/{name} {{ prometheus {name}; }}\n"
        if is_new:
            templates += f"prometheus_template {name}_zone {{ metric_zone {name}; }}\n"
            locations += f"location /zone/{name} {{ prometheus {name}_zone; }}\n"
    locations += "location /stock { prometheus all; }\n"
    return f"""daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log warn;
events {{ }} http {{ access_log off; keepalive_requests 1000000000;
{zones} include {directory}/stock.conf; {templates}
server {{ listen 127.0.0.1:{port}; status_zone site; {locations} }} }}"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fill(port, zone, keys):
    """Adds every key once, pipelined."""
    connection = socket.create_connection(("127.0.0.1", port))
    stream = connection.makefile("rb")
    for first in range(0, keys, 500):
        some = range(first, min(first + 500, keys))
        request = "GET /u/{}?k=/page/number/{:08d} HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall("".join(request.format(zone, key) for key in some).encode())
        for _ in some:
            while stream.readline() not in (b"\r\n", b""):
                pass


class Server:
    def __init__(self, binary, is_new):
        self.directory, self.port = tempfile.mkdtemp(), free_port()
        path = f"{self.directory}/conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(configuration(self.directory, self.port, is_new))
        self.master = subprocess.Popen([binary, "-c", path])
        deadline = time.time() + 10
        while time.time() < deadline and socket.socket().connect_ex(("127.0.0.1", self.port)):
            time.sleep(0.05)
        for name, keys in ZONES.items():
            fill(self.port, name, keys)
        children = f"/proc/{self.master.pid}/task/{self.master.pid}/children"
        self.processes = [int(pid) for pid in open(children, encoding="ascii").read().split()]

    def spent(self):
        """Seconds of processor time, threads that ended included."""
        ticks = 0
        for pid in self.processes:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self):
        def own(pid):
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) / 1024
        return sum(own(pid) for pid in self.processes)

    def page(self, path, fields):
        """Bytes and lines of a page, and the most memory that was seen meanwhile."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        fields = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.sendall(f"GET {path} HTTP/1.0\r\n{fields}\r\n".encode())
        stream = connection.makefile("rb")
        assert stream.readline().split()[1] == b"200", path
        while stream.readline() not in (b"\r\n", b""):
            pass
        size, lines, most, reads = 0, 0, 0, 0
        while chunk := stream.read1(1 << 18):
            size, lines, reads = size + len(chunk), lines + chunk.count(b"\n"), reads + 1
            if reads % 16 == 0:
                most = max(most, self.memory())
        return size, lines, max(most, self.memory())

    def measure(self, path, fields):
        before, idle, times = self.spent(), self.memory(), []
        for _ in range(PAGES):
            start = time.perf_counter()
            size, lines, most = self.page(path, fields)
            times.append(time.perf_counter() - start)
        spent = (self.spent() - before) / PAGES
        return size, lines, spent, statistics.median(times), most - idle

    def stop(self):
        self.master.terminate()
        self.master.wait()


def main():
    servers = [(binary, Server(binary, number == 0)) for number, binary in enumerate(BINARIES)]
    pages = [("/stock", "stock", {})]
    for name in ZONES:
        pages += [(f"/page/{name}", "statement", {})]
        pages += [(f"/zone/{name}", f"metric_zone {label}", fields)
                  for label, fields in (("", {}), ("OpenMetrics", OPEN), ("gzip", PACKED))]
    for path, label, fields in pages:
        for binary, server in servers:
            if path.startswith("/zone") and server is not servers[0][1]:
                continue
            size, lines, spent, took, more = server.measure(path, fields)
            each = f"{spent / lines * 1e6:6.2f} µs/line" if lines > 1000 and "gzip" not in label else ""
            print(f"{path:14} {label:24} {binary[-24:]:24} {lines:7} lines {size:9} bytes  "
                  f"cpu {spent * 1e3:7.2f} ms  wall {took * 1e3:7.2f} ms  +{more:.1f} MB  {each}")
    for _, server in servers:
        server.stop()


main()

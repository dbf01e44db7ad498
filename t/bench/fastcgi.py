#!/usr/bin/env python3
"""What requests by FastCGI cost in processor time, beside nginx: small and large answers, over kept and over fresh connections.

t/bench/fastcgi.py [target/release/pingauge] [--rounds 7] [--seconds 2]; needs wrk, nginx and a C compiler."""
import argparse
import os
import re
import socket
import subprocess
import sys
import time

from servers import DIRECTORY, compare, cost, start, stop

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL, LARGE = 21690, 21691
PORTS = {"pingauge": 21692, "nginx": 21693}
CASES = ["small/kept", "small/fresh", "large/kept", "large/fresh"]


def configuration(port):
    with open(f"{HERE}/../../conf/fastcgi.conf", encoding="utf-8") as file:
        parameters = file.read()
    places = "".join(
        f"location /{size}/{kind} {{ fastcgi_pass {size}; {keep} }}\n"
        for size in ["small", "large"]
        for kind, keep in [("kept", "fastcgi_keep_conn on;"), ("fresh", "")]
    )
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port}; error_log {DIRECTORY}/error{port} error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; {parameters}
upstream small {{ server 127.0.0.1:{SMALL}; keepalive 64; keepalive_requests 1000000000; }}
upstream large {{ server 127.0.0.1:{LARGE}; keepalive 64; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port}; root /srv; {places} }} }}"""


def load(port, path, seconds):
    command = ["taskset", "-c", "0", "wrk", "-t1", "-c16", f"-d{seconds}", f"http://127.0.0.1:{port}/{path}"]
    command += ["-H", "Cookie: session=0123456789abcdef", "-H", "Accept: text/html", "-H", "User-Agent: bench"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"(Non-2xx|Socket errors).*", said)
    if failures:
        sys.exit(f"{path} at {port}: {failures.group(0)}")
    return int(re.search(r"(\d+) requests in", said).group(1))


def programs():
    """The programs that answer."""
    path = f"{DIRECTORY}/fastcgi"
    subprocess.run(["cc", "-O2", "-pthread", "-o", path, f"{HERE}/fastcgi.c"], check=True)
    started = []
    for port, length in [(SMALL, 1024), (LARGE, 65536)]:
        started.append(subprocess.Popen(["taskset", "-c", "0", path, str(port), str(length)]))
    for port in [SMALL, LARGE]:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
    return started


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", nargs="?", default="target/release/pingauge")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--seconds", type=int, default=2)
    options = arguments.parse_args()
    started = programs()
    servers = {}
    for name, port in PORTS.items():
        program = os.path.abspath(options.program) if name == "pingauge" else "/usr/sbin/nginx"
        servers[name] = (start(program, port, configuration(port), 1), port)
        started.append(servers[name][0])
    try:
        for case in CASES:
            compare(
                case,
                servers,
                options.rounds,
                lambda one: cost(servers[one][0], lambda: load(servers[one][1], case, options.seconds)),
            )
    finally:
        stop(started)


if __name__ == "__main__":
    main()

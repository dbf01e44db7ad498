#!/usr/bin/env python3
"""What encrypted connections, HTTP/2 and origins behind them cost beside nginx doing the same, in one run.

usage: t/bench/doors.py [BINARY] [--seconds S] [--rounds N] [--only WORD] [--other BINARY]
                        [--instructions] [--idle CONNECTIONS] [--port FIRST]

Needs nginx, openssl, wrk and h2load. Everything is as in `http.py`: one worker on one processor, origin and clients on
the other, rounds forwards and backwards, CPU of the server's processes as the scheduler counts it, medians of the
rounds' ratios with the least and the most. All servers show one certificate, ECDSA of P-256; handshakes are TLS 1.3
with X25519 and AES-256, and nothing is asked behind them. `--instructions` has valgrind count the server's own code.

`--idle` opens so many connections of each kind, has each answered one request, and prints what memory the worker has
taken for each, and the 50th, 99th and 99.9th percentile in milliseconds of small requests beside them, before and
meanwhile.
"""
import argparse
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from servers import DIRECTORY, compare, cost, family, instructions, make_shim, start, stop

# The plain port of a server; its others follow. Those of the origin and the name server are 90 further.
FIRST_PORT = 21500
PORTS = 4
PLAIN, SECURE, H2C = range(3)

SMALL = "01234567890123456789"
COMMON = 'proxy_http_version 1.1; proxy_set_header Connection "";'


def handshakes(resumes):
    def run(ports, amount):
        return shake(ports[SECURE], amount, resumes)
    return run


def wrk(door, path, script=""):
    def run(ports, amount):
        return load_wrk(ports[door], path, script, amount)
    return run, h2load(door, path, "-c8", *(["-d", f"{DIRECTORY}/post"] if script else []), h1=True)


def h2load(door, path, *options, h1=False):
    def run(ports, amount):
        return load_h2(ports[door], path, options, amount, h1)
    return run


# Name, load by seconds, load by number of requests, how many of the latter.
STREAMS = ("-c4", "-m32")
CASES = [
    ("full handshakes", handshakes(False), handshakes(False), 200),
    ("resumed handshakes", handshakes(True), handshakes(True), 200),
    ("TLS, 20 bytes", *wrk(SECURE, "/return"), 4000),
    ("TLS, file of 64 KiB", *wrk(SECURE, "/files/big"), 200),
    ("TLS, proxied, 20 bytes", *wrk(SECURE, "/small"), 4000),
    ("h2 over TLS, 20 bytes", *2 * [h2load(SECURE, "/return", *STREAMS)], 4000),
    ("h2 over TLS, file of 64 KiB", *2 * [h2load(SECURE, "/files/big", *STREAMS)], 400),
    ("h2 over TLS, proxied, 20 bytes", *2 * [h2load(SECURE, "/small", *STREAMS)], 4000),
    ("h2c, 20 bytes", *2 * [h2load(H2C, "/return", *STREAMS)], 4000),
    ("TLS origin, 20 bytes", *wrk(PLAIN, "/secure"), 4000),
    ("TLS origin, 64 KiB", *wrk(PLAIN, "/secure/big"), 200),
    ("gRPC, unary", *2 * [h2load(H2C, "/grpc", *STREAMS, "-d", f"{DIRECTORY}/message")], 4000),
    ("name of the configuration", *wrk(PLAIN, "/small"), 4000),
    ("name looked up", *wrk(PLAIN, "/named"), 4000),
]


def configuration(port, is_nginx, origin):
    plain, secure, h2c = port, port + SECURE, port + H2C
    # nginx says it of the address.
    listen, on = (" http2", "") if is_nginx else ("", "http2 on;")
    keeps = "keepalive 64; keepalive_requests 1000000000;"
    common = f"""
  location = /return {{ return 200 "{SMALL}"; }}
  location /small {{ proxy_pass http://origin; {COMMON} }}
  location /secure {{ proxy_pass https://secure; {COMMON} }}
  location /grpc {{ grpc_pass grpc://streams; }}
  location /named {{ set $name origin.test; proxy_pass http://$name:{origin}; {COMMON} }}
  location /files/ {{ root {DIRECTORY}; }}"""
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; worker_rlimit_nofile 20000; events {{ worker_connections 19000; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; sendfile on;
 resolver 127.0.0.1:{origin + 3}; ssl_protocols TLSv1.2 TLSv1.3;
 ssl_certificate {DIRECTORY}/cert.pem; ssl_certificate_key {DIRECTORY}/key.pem;
 upstream origin {{ server 127.0.0.1:{origin}; {keeps} }}
 upstream secure {{ server 127.0.0.1:{origin + SECURE}; {keeps} }}
 upstream streams {{ server 127.0.0.1:{origin + H2C}; {keeps} }}
 server {{ listen 127.0.0.1:{plain}; {common} }}
 server {{ listen 127.0.0.1:{secure} ssl{listen}; {on} {common} }}
 server {{ listen 127.0.0.1:{h2c}{listen}; {on} {common} }} }}"""


def origin_configuration(port):
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; sendfile on; ssl_protocols TLSv1.2 TLSv1.3;
 ssl_certificate {DIRECTORY}/cert.pem; ssl_certificate_key {DIRECTORY}/key.pem;
 server {{ listen 127.0.0.1:{port}; listen 127.0.0.1:{port + SECURE} ssl; listen 127.0.0.1:{port + H2C} http2;
  location / {{ return 200 "{SMALL}"; }}
  location /secure/big {{ alias {DIRECTORY}/files/big; }} }} }}"""


def answer_names(port):
    """Says of every name that it is here, and has no address of IPv6."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(("127.0.0.1", port))
    while True:
        question, client = asked.recvfrom(2048)
        end = question.index(b"\0", 12) + 5
        is_ipv4 = question[end - 4 : end - 2] == b"\0\1"
        head = question[:2] + struct.pack("!5H", 0x8180, 1, is_ipv4, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 3600, 4) + b"\x7f\0\0\1"
        asked.sendto(head + question[12:end] + record * is_ipv4, client)


def terms(*protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(protocols or ["http/1.1"])
    return context


def secured(port, context, session=None):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(connection, server_hostname="localhost", session=session)


def shake(port, amount, resumes):
    """So many handshakes, or for so many seconds; how many there were."""
    context, session = terms(), None
    if resumes:
        with secured(port, context) as first:
            first.sendall(b"GET /return HTTP/1.1\r\nHost: a\r\n\r\n")
            first.recv(1024)
            session = first.session
    count, end = 0, time.monotonic() + amount
    while count < amount if isinstance(amount, int) else time.monotonic() < end:
        with secured(port, context, session) as connection:
            if connection.session_reused != resumes:
                sys.exit(f"port {port}: a session is taken up: {connection.session_reused}")
            count += 1
    return count


def load_wrk(port, path, script, seconds):
    name = f"{DIRECTORY}/script.lua"
    with open(name, "w", encoding="utf-8") as file:
        file.write(script)
    scheme = "https" if port % 10 == SECURE else "http"
    command = ["taskset", "-c", "0", "wrk", "-t1", "-c32", f"-d{seconds:.0f}", "-s", name]
    command.append(f"{scheme}://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"(Non-2xx|Socket errors).*", said)
    if failures:
        sys.exit(f"{path} at {port}: {failures.group(0)}")
    return int(re.search(r"(\d+) requests in", said).group(1))


def load_h2(port, path, options, amount, h1):
    """So many requests, or for so many seconds; how many were answered."""
    scheme = "https" if port % 10 == SECURE else "http"
    much = [f"-n{amount}"] if isinstance(amount, int) else [f"-D{amount:.0f}"]
    much += ["--npn-list=http/1.1", "-phttp/1.1"] if h1 else ["--npn-list=h2"]
    command = ["taskset", "-c", "0", "h2load", *options, *much, "--tls13-ciphers=TLS_AES_256_GCM_SHA384"]
    command += ["-Hcontent-type: application/grpc", "-Hte: trailers"] if path == "/grpc" else []
    command.append(f"{scheme}://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed", said)
    done, succeeded, failed = map(int, found.groups())
    # nginx itself fails some requests of gRPC whose connection to the origin has just ended.
    if failed > done / 1000 or succeeded + failed != done or isinstance(amount, int) and done != amount:
        sys.exit(f"{path} at {port}: {said}")
    return done


def ports_from(port):
    return [port + number for number in range(PORTS)]


def measure(servers, case, options):
    name, run, _, _ = case

    def cost_of(one):
        process, port = servers[one]
        return cost(process, lambda: run(ports_from(port), options.seconds))

    compare(name, servers, options.rounds, cost_of)


def count(programs, case, options):
    name, _, run, few = case
    nginx = None
    for number, (one, program) in enumerate(programs.items()):
        port = options.port + 10 * number
        ports = ports_from(port)
        text = configuration(port, one == "nginx", options.port + 90)
        done = [
            instructions(program, port, text, lambda: run(ports, requests))
            for requests in (few, 3 * few)
        ]
        each = (done[1] - done[0]) / (2 * few)
        nginx = nginx or each
        print(f"{name:30} {one:9} {each:9.0f} instructions  {each / nginx:.2f} x nginx", flush=True)


def plain_request(connection):
    connection.sendall(b"GET /return HTTP/1.1\r\nHost: localhost\r\n\r\n")
    if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
        sys.exit("no answer")
    return connection


def h2_request(connection):
    """A first request, and all that a client says before it."""
    fields = b"\x82\x86\x04\x07/return\x41\x09localhost"
    head = struct.pack("!I", len(fields))[1:] + b"\x01\x05\0\0\0\x01" + fields
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]) + head)
    got = b""
    while SMALL.encode() not in got:
        piece = connection.recv(4096)
        if not piece:
            sys.exit("no answer over HTTP/2")
        got += piece
    connection.sendall(bytes([0, 0, 0, 4, 1, 0, 0, 0, 0]))
    return connection


# Of each kind, what opens a connection.
IDLE = [
    ("plain", PLAIN, lambda port: plain_request(socket.create_connection(("127.0.0.1", port)))),
    ("TLS", SECURE, lambda port: plain_request(secured(port, CONTEXTS["http/1.1"]))),
    ("h2c", H2C, lambda port: h2_request(socket.create_connection(("127.0.0.1", port)))),
    ("h2 over TLS", SECURE, lambda port: h2_request(secured(port, CONTEXTS["h2"]))),
]
CONTEXTS = {name: terms(name) for name in ["http/1.1", "h2"]}


def memory(pid):
    """What all processes of a server but the first have of their own."""
    total = 0
    for member in list(family(pid))[1:]:
        with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+)", file.read(), re.MULTILINE))
    return total * 1024


def times(port, seconds):
    """How long paced small requests of somebody else take."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = time.monotonic()
            plain_request(connection)
            taken.append((time.monotonic() - before) * 1000)
            time.sleep(0.002)
    taken.sort()
    at = [taken[min(int(len(taken) * part), len(taken) - 1)] for part in (0.5, 0.99, 0.999)]
    return " ".join(f"{one:.2f}" for one in at)


def hold(programs, options):
    for number, (one, program) in enumerate(programs.items()):
        port = options.port + 10 * number
        for name, door, opened in [kind for kind in IDLE if re.search(options.only, kind[0])]:
            process = start(program, port, configuration(port, one == "nginx", options.port + 90), 1)
            try:
                for connection in [opened(port + door) for _ in range(64)]:
                    connection.close()
                without, before = times(port, options.seconds), memory(process.pid)
                held = [opened(port + door) for _ in range(options.idle)]
                time.sleep(1)
                each = (memory(process.pid) - before) / options.idle / 1024
                print(
                    f"{name:12} {one:9} {each:6.2f} KiB each  others {without} ms before, "
                    f"{times(port, options.seconds)} ms beside {options.idle}",
                    flush=True,
                )
                for connection in held:
                    connection.close()
            finally:
                stop([process])


def make_files():
    os.mkdir(f"{DIRECTORY}/files")
    for name, size in [("files/big", 65536), ("post", 1024)]:
        with open(f"{DIRECTORY}/{name}", "w", encoding="ascii") as file:
            file.write("x" * size)
    with open(f"{DIRECTORY}/message", "wb") as file:
        file.write(b"\0\0\0\0\x14" + SMALL.encode())
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command += f" -addext subjectAltName=DNS:localhost -keyout {DIRECTORY}/key.pem -out {DIRECTORY}/cert.pem"
    subprocess.run(command.split(), check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", nargs="?", default="target/dist/pingauge")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", default="")
    parser.add_argument("--other")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--idle", type=int)
    parser.add_argument("--port", type=int, default=FIRST_PORT)
    options = parser.parse_args()
    if options.port % 10:
        parser.error("the first port must end with 0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    make_files()
    programs = {"nginx": "nginx", "pingauge": options.binary}
    if options.other:
        programs["other"] = options.other
    if options.idle:
        return hold(programs, options)
    cases = [case for case in CASES if options.only in case[0]]
    origin_port = options.port + 90
    threading.Thread(target=answer_names, args=[origin_port + 3], daemon=True).start()
    running = [start("nginx", origin_port, origin_configuration(origin_port), 0)]
    try:
        if options.instructions:
            make_shim()
            for case in cases:
                count(programs, case, options)
            return None
        servers = {}
        for number, (name, program) in enumerate(programs.items()):
            port = options.port + 10 * number
            text = configuration(port, name == "nginx", origin_port)
            servers[name] = (start(program, port, text, 1), port)
            running.append(servers[name][0])
        for case in cases:
            measure(servers, case, options)
    finally:
        stop(running)
    return None


main()

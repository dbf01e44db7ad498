#!/usr/bin/env python3
"""CPU per request of the server beside nginx doing the same, in one run.

usage: t/bench/http.py [BINARY] [--seconds S] [--rounds N] [--only WORD] [--other BINARY]
                       [--instructions] [--port FIRST]

Needs nginx and wrk. Everything runs on loopback and is ended by its process id. All servers stand
from the beginning, on one processor; origin and load generator have the other. Rounds take turns
forwards and backwards, so that a machine whose speed drifts treats all alike. CPU is the run time
of the server's processes as the scheduler counts it, the load generator's not included. What is
printed is the median of the rounds' ratios to nginx, with the least and the most, and the median
in microseconds. `--other` is one more binary of ours, for a comparison with it.

Scripts are compared with those of nginx's own module (`apt install libnginx-mod-http-js`), and are left out
where that is missing.

With `--instructions`, which needs a C compiler, valgrind counts what a request takes in the
server's own code instead: the difference between 11,000 and 1,000 requests, on eight connections
at once, divided by 10,000. It is the same in every run but for a few dozen; the system's part is
not in it.
"""
import argparse
import gzip
import json
import os
import random
import re
import socket
import subprocess
import sys

from servers import DIRECTORY, compare, cost, instructions, make_shim, start, stop

# The origin's is 99 further; `--port` changes both.
FIRST_PORT = 18900
# For the counting of instructions.
CONNECTIONS = 8

SMALL = "01234567890123456789"
BROWSER = """
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
wrk.headers["Accept-Language"] = "en-US,en;q=0.5"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
wrk.headers["Referer"] = "https://example.com/some/page?with=arguments&and=more"
wrk.headers["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes"
wrk.headers["DNT"] = "1"
wrk.headers["Upgrade-Insecure-Requests"] = "1"
wrk.headers["Sec-Fetch-Dest"] = "document"
wrk.headers["Sec-Fetch-Mode"] = "navigate"
wrk.headers["Sec-Fetch-Site"] = "same-origin"
wrk.headers["Priority"] = "u=0, i"
"""
GZIP = 'wrk.headers["Accept-Encoding"] = "gzip"\n'
POST = 'wrk.method = "POST"\nwrk.body = string.rep("x", 1024)\n'
KEYS = """
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", "PATH?k=key-of-sixteen-" .. (n * 7919) % 1000)
end
"""
# Name, path of the request, script for wrk, path of nginx' reference.
CASES = [
    ("return", "/return", "", None),
    ("return, 1 metric, 1 key", "/return1", "", "/return"),
    ("return, 5 metrics, 1 key", "/return5", "", "/return"),
    ("return, 5 metrics, 1000 keys", "/keys", KEYS, "/return"),
    ("js_content, r.return", "/js/hello", "", None),
    ("js_content, fields and arguments", "/js/fields?a=1&b=2", BROWSER, None),
    ("js_content, asynchronous", "/js/later", "", None),
    ("js_content beside return", "/js/hello", "", "/return"),
    ("proxied, 20 bytes", "/small", "", None),
    ("proxied, 20 bytes, 5 metrics", "/small5", "", "/small"),
    ("proxied, fields of a browser", "/small", BROWSER, None),
    ("proxied, 64 KiB", "/big", "", None),
    ("proxied, POST of 1 KiB", "/small", POST, None),
    ("hit, 1 KiB", "/hit1", "", None),
    ("hit, 64 KiB", "/hit64", "", None),
    ("file, 20 bytes", "/files/small", "", None),
    ("file, 64 KiB", "/files/big", "", None),
    ("JSON of 32 KiB, gzip 1", "/gzip1/json", GZIP, None),
    ("JSON of 32 KiB, gzip 6", "/gzip6/json", GZIP, None),
    ("JSON of 32 KiB, proxied, gzip 1", "/proxied1/json", GZIP, None),
    ("JSON of 32 KiB, gunzip", "/gunzip/json", "", None),
    ("JSON of 32 KiB, gzip_static", "/packed/json", GZIP, None),
    ("file, 1000 arguments", "/files/small", KEYS, None),
    ("file, limit_req, 1000 keys", "/limited/small", KEYS, None),
    ("file, limit_conn, 1000 keys", "/counted/small", KEYS, None),
]
MODES = ["count", "gauge", "max", "average exp", "histogram 1 10 100 1000"]
ZONES = " ".join(f"metric_zone z{i}:1m {mode};" for i, mode in enumerate(MODES))
FIVE = " ".join(f"metric z{i} k=$request_time;" for i in range(5))
KEYED = " ".join(f"metric z{i} $arg_k=$request_time;" for i in range(5))
JS_MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so"
SCRIPT = f"""
function hello(r) {{ r.return(200, "{SMALL}"); }}
function fields(r) {{
    r.headersOut["X-Agent"] = r.headersIn["User-Agent"];
    r.return(200, `${{r.args.a}} ${{r.args.b}} ${{r.uri}}`);
}}
async function later(r) {{ await null; r.return(200, "{SMALL}"); }}
export default {{ hello, fields, later }};
"""
JS = """
  location = /js/hello { js_content main.hello; }
  location = /js/fields { js_content main.fields; }
  location = /js/later { js_content main.later; }"""
HIT = "proxy_cache c; proxy_cache_valid 1d;"
LIMITS = "limit_req_zone $arg_k zone=rate:10m rate=1000000r/s; limit_conn_zone $arg_k zone=number:10m;"
PROXY = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";'


def configuration(port, ours, origin):
    measured = f"""
  location = /return1 {{ metric z0 k=1; return 200 "{SMALL}"; }}
  location = /return5 {{ {FIVE} return 200 "{SMALL}"; }}
  location = /keys {{ {KEYED} return 200 "{SMALL}"; }}
  location = /small5 {{ {FIVE} {PROXY} }}"""
    has_scripts = os.path.exists(JS_MODULE)
    module = f"load_module {JS_MODULE};" if has_scripts and not ours else ""
    scripts = f"js_import main from {DIRECTORY}/main.js;" if has_scripts else ""
    return f"""{module} daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; sendfile on; {ZONES if ours else ""} {scripts} {LIMITS}
 proxy_cache_path {DIRECTORY}/cache{port} levels=1:2 keys_zone=c:10m inactive=1d use_temp_path=off;
 upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000000; }}
 server {{ listen 127.0.0.1:{port};
  location = /return {{ return 200 "{SMALL}"; }}
  {JS if has_scripts else ""}
  location /small {{ {PROXY} }}
  location /big {{ {PROXY} }}
  location /hit {{ {HIT} {PROXY} }}
  location /gzip1/ {{ alias {DIRECTORY}/files/; gzip on; gzip_types *; }}
  location /gzip6/ {{ alias {DIRECTORY}/files/; gzip on; gzip_types *; gzip_comp_level 6; }}
  location /proxied1/ {{ gzip on; gzip_types *; {PROXY} }}
  location /gunzip/ {{ alias {DIRECTORY}/files/; gzip_static always; gunzip on; }}
  location /packed/ {{ alias {DIRECTORY}/files/; gzip_static on; }}
  location /limited/ {{ limit_req zone=rate burst=1000000 nodelay; alias {DIRECTORY}/files/; }}
  location /counted/ {{ limit_conn number 1000; alias {DIRECTORY}/files/; }}
  location /files/ {{ root {DIRECTORY}; }} {measured if ours else ""} }} }}"""


def origin_configuration(port):
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; sendfile on; client_body_buffer_size 64k;
 server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{SMALL}"; }}
  location /hit1 {{ return 200 "{SMALL * 51}"; }}
  location /hit64 {{ alias {DIRECTORY}/files/big; }}
  location /proxied1/ {{ alias {DIRECTORY}/files/; }}
  location /big {{ alias {DIRECTORY}/files/big; }} }} }}"""


def rows():
    """JSON of 32 KiB as an application would list its orders."""
    chance = random.Random(1)
    names = ["chair", "table", "lamp", "shelf", "curtain", "carpet", "mirror", "clock"]
    one = lambda number: {"id": number, "name": chance.choice(names), "price": chance.randrange(100, 99999) / 100,
                          "token": f"{chance.getrandbits(64):016x}", "tags": chance.sample(names, 3),
                          "updated": f"2026-11-{chance.randrange(1, 31):02}T10:{chance.randrange(60):02}:00Z"}
    return json.dumps([one(number) for number in range(300)]).encode()[:32768]


def load(port, path, script, seconds):
    name = f"{DIRECTORY}/script.lua"
    with open(name, "w", encoding="utf-8") as file:
        file.write(script.replace("PATH", path))
    command = ["taskset", "-c", "0", "wrk", "-t1", "-c32", f"-d{seconds}", "-s", name]
    command.append(f"http://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failures = re.search(r"(Non-2xx|Socket errors).*", said)
    if failures:
        sys.exit(f"{path} at {port}: {failures.group(0)}")
    return int(re.search(r"(\d+) requests in", said).group(1))


def measure(servers, case, options):
    name, path, script, reference = case

    def cost_of(one):
        process, port = servers[one]
        own = (reference or path) if one == "nginx" else path
        return cost(process, lambda: load(port, own, script, options.seconds))

    compare(name, servers, options.rounds, cost_of)


def request(number, path, script):
    """What wrk would send with this script, as the request of this number."""
    method, body = ("POST", "x" * 1024) if script is POST else ("GET", "")
    if script is KEYS:
        path += f"?k=key-of-sixteen-{number * 7919 % 1000}"
    fields = re.findall(r'wrk\.headers\["(.*)"\] = "(.*)"', script)
    fields += [("Content-Length", len(body))] if body else []
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answered(connection):
    """Reads the answer to a request."""
    got, length = b"", None
    while length is None or len(got) < length:
        piece = connection.recv(1 << 20)
        got += piece
        if not piece or got[:12] not in b"HTTP/1.1 200":
            sys.exit(f"no answer: {got[:100]}")
        if b"Transfer-Encoding: chunked\r\n" in got and got.endswith(b"\r\n0\r\n\r\n"):
            return
        if length is None and b"\r\n\r\n" in got and b"Transfer-Encoding" not in got:
            head = got.index(b"\r\n\r\n") + 4
            length = head + int(re.search(rb"Content-Length: (\d+)", got[:head]).group(1))


def ask(port, path, script, count):
    """Sends requests, and reads their answers in turn."""
    address = ("127.0.0.1", port)
    connections = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    for number in range(count):
        connections[number % CONNECTIONS].sendall(request(number, path, script))
        if number % CONNECTIONS == CONNECTIONS - 1:
            for connection in connections:
                answered(connection)
    for connection in connections:
        connection.close()


def count(programs, case, options, counted):
    """Prints what a request takes in each server, and what ours takes more than for the case it refers to."""
    name, path, script, reference = case
    for number, (one, program) in enumerate(programs.items()):
        own = (reference or path) if one == "nginx" else path
        port = options.port + number
        text = configuration(port, one != "nginx", options.port + 99)
        few, many = (
            instructions(program, port, text, lambda: ask(port, own, script, requests))
            for requests in (1_000, 11_000)
        )
        counted[one, path] = each = (many - few) / 10_000
        added = each - counted.get((one, reference), each)
        more = f", {added:.0f} more than {reference}" if added and one != "nginx" else ""
        print(f"{name:30} {one:9} {each:7.0f} instructions{more}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", nargs="?", default="target/dist/pingauge")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", default="")
    parser.add_argument("--other")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--port", type=int, default=FIRST_PORT)
    options = parser.parse_args()
    os.mkdir(f"{DIRECTORY}/files")
    for name, size in [("small", 20), ("big", 65536)]:
        with open(f"{DIRECTORY}/files/{name}", "w", encoding="ascii") as file:
            file.write("x" * size)
    with open(f"{DIRECTORY}/files/json", "wb") as file:
        file.write(rows())
    with gzip.open(f"{DIRECTORY}/files/json.gz", "wb", 6) as file:
        file.write(rows())
    with open(f"{DIRECTORY}/main.js", "w", encoding="ascii") as file:
        file.write(SCRIPT)
    programs = {"nginx": "nginx", "pingauge": options.binary}
    if options.other:
        programs["other"] = options.other
    cases = [case for case in CASES if options.only in case[0]]
    if not os.path.exists(JS_MODULE):
        cases = [case for case in cases if not case[1].startswith("/js/")]
    origin_port = options.port + 99
    origin = start("nginx", origin_port, origin_configuration(origin_port), 0)
    servers = {}
    try:
        if options.instructions:
            make_shim()
            counted = {}
            for case in cases:
                count(programs, case, options, counted)
            return
        for number, (name, program) in enumerate(programs.items()):
            port = options.port + number
            text = configuration(port, name != "nginx", origin_port)
            servers[name] = (start(program, port, text, 1), port)
        for case in cases:
            measure(servers, case, options)
    finally:
        stop([origin] + [process for process, _ in servers.values()])


if __name__ == "__main__":
    main()

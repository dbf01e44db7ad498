#!/usr/bin/env python3
"""What scripts take in memory while they wait, beside nginx with its njs module.

usage: t/bench/waiting.py [BINARY] [--scripts N] [--rounds N] [--other BINARY] [--port FIRST]

Each server holds N connections (1,000 unless told), each of which was answered one request that no script knows of. Then
all of them ask for something that a script answers half a minute later. Printed is what the worker has taken
between the two for each of them, in KiB, the median of the rounds with the least and the most, each round with a
fresh server; and how many scripts have answered with 200 after that. Needs nginx and its module
(`apt install libnginx-mod-http-js`).
"""
import argparse
import os
import resource
import socket
import statistics
import sys
import time

from servers import DIRECTORY, family, start, stop

FIRST_PORT = 18700
JS_MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so"
# How long a script waits; all of them have begun long before.
SECONDS = 30
SCRIPT = f"""
function timer(r) {{ setTimeout(() => r.return(200, "done"), {SECONDS}000); }}
async function promise(r) {{
    const text = await new Promise((done) => setTimeout(() => done(r.uri), {SECONDS}000));
    r.return(200, text);
}}
export default {{ timer, promise }};
"""


def configuration(port, ours, connections):
    module = "" if ours else f"load_module {JS_MODULE};"
    return f"""{module} daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections {connections}; }}
http {{ access_log off; keepalive_timeout 600s; js_import main from {DIRECTORY}/main.js;
 server {{ listen 127.0.0.1:{port} backlog=4096;
  location = /plain {{ return 200 "plain"; }}
  location = /timer {{ js_content main.timer; }}
  location = /promise {{ js_content main.promise; }} }} }}"""


def memory(pid):
    """What the processes of a server have for themselves, in bytes."""
    total = 0
    for member in family(pid):
        with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
            kinds = ("Private_Clean", "Private_Dirty")
            total += sum(int(line.split()[1]) for line in file if line.startswith(kinds))
    return total * 1024


def ask(connection, path):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def has_answered(connection):
    return connection.recv(4096).startswith(b"HTTP/1.1 200")


def measure(program, ours, port, path, scripts):
    process = start(program, port, configuration(port, ours, scripts + 100), 1)
    try:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(scripts)]
        for connection in held:
            connection.settimeout(2 * SECONDS)
            ask(connection, "/plain")
            if not has_answered(connection):
                sys.exit(f"{program} does not answer")
        time.sleep(1)
        before = memory(process.pid)
        for connection in held:
            ask(connection, path)
        time.sleep(5)
        each = (memory(process.pid) - before) / scripts / 1024
        answered = sum(has_answered(connection) for connection in held)
        for connection in held:
            connection.close()
        return each, answered
    finally:
        stop([process])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", nargs="?", default="target/dist/pingauge")
    parser.add_argument("--scripts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--other")
    parser.add_argument("--port", type=int, default=FIRST_PORT)
    options = parser.parse_args()
    if not os.path.exists(JS_MODULE):
        sys.exit("nginx has no module for scripts: apt install libnginx-mod-http-js")
    resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
    with open(f"{DIRECTORY}/main.js", "w", encoding="ascii") as file:
        file.write(SCRIPT)
    programs = {"nginx": "nginx", "pingauge": options.binary}
    if options.other:
        programs["other"] = options.other
    for path in ["/timer", "/promise"]:
        for number, (one, program) in enumerate(programs.items()):
            port = options.port + number
            tries = [
                measure(program, one != "nginx", port, path, options.scripts) for _ in range(options.rounds)
            ]
            taken = [each for each, _ in tries]
            print(
                f"{path:9} {one:9} {statistics.median(taken):6.2f} KiB each ({min(taken):.2f} to {max(taken):.2f}), "
                f"{min(count for _, count in tries)} of {options.scripts} answered",
                flush=True,
            )


main()

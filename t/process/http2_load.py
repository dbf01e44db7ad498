"""Clients of HTTP/2 that keep streams of several kinds under way, and account for each, whatever the server is told meanwhile.

Usage: http2_load.py HOST:PORT plain|tls CONNECTIONS KIND... where a KIND is METHOD:PATH:SENT:EXPECTED, with the sizes of both bodies.
They go on until standard input ends; then streams under way end, and JSON says how many of each kind were answered, what failed,
how many streams a server left to be sent again, and how many connections were reset before it said anything. An address that nobody listens at ends a client, too. Exits with 77 without h2.
"""

import json
import select
import socket
import ssl
import sys
import threading
import time

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
except ImportError:
    sys.exit(77)

PATIENCE = 30
AT_ONCE = 8
GOAWAY = 7
FOREVER = (1 << 31) - 1
stop = threading.Event()


class Kind:
    def __init__(self, text):
        self.method, self.path, sent, expected = text.split(":")
        self.sent, self.expected = int(sent), int(expected)


class Stream:
    def __init__(self, kind):
        self.kind, self.left, self.received, self.status, self.began = kind, kind.sent, 0, None, time.monotonic()


class Account:
    def __init__(self):
        self.answered, self.failed, self.again, self.unheard, self.connections = {}, [], 0, 0, 0


class Connection:
    """One connection, until the server says that it goes and its streams are over."""

    def __init__(self, address, tls, kinds, account):
        self.kinds, self.account = kinds, account
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            terms = ssl.create_default_context()
            terms.check_hostname, terms.verify_mode = False, ssl.CERT_NONE
            terms.set_alpn_protocols(["h2"])
            self.socket = terms.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
        self.h2.initiate_connection()
        self.streams, self.pending, self.last = {}, b"", FOREVER
        self.is_leaving, self.is_closed, self.is_heard = False, False, False
        account.connections += 1

    def run(self):
        quiet_since = time.monotonic()
        while not self.is_closed:
            if not (self.is_leaving or stop.is_set()):
                while len(self.streams) < AT_ONCE:
                    self.ask(next(self.kinds))
            if not self.streams:
                break
            self.upload()
            self.socket.sendall(self.h2.data_to_send())
            if self.receive():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > PATIENCE:
                self.fail("silence")
                break
        try:
            self.socket.close()
        except OSError:
            pass

    def ask(self, kind):
        number = self.h2.get_next_available_stream_id()
        fields = [(":method", kind.method), (":scheme", "http"), (":authority", "localhost"), (":path", kind.path)]
        if kind.sent:
            fields.append(("content-length", str(kind.sent)))
        self.h2.send_headers(number, fields, end_stream=not kind.sent)
        self.streams[number] = Stream(kind)

    def upload(self):
        for number, stream in self.streams.items():
            while stream.left:
                room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size, stream.left)
                if room <= 0:
                    break
                stream.left -= room
                self.h2.send_data(number, b"u" * room, end_stream=not stream.left)

    def receive(self):
        has_more = getattr(self.socket, "pending", lambda: 0)()
        if not has_more and not select.select([self.socket], [], [], 0.2)[0]:
            return False
        data = self.socket.recv(65536)
        if not data:
            self.is_closed = True
            self.fail("the connection ended")
            return True
        self.is_heard = True
        for event in self.h2.receive_data(self.frames(data)):
            self.take(event)
        return True

    def frames(self, data):
        """Whole frames but GOAWAY, behind which h2 takes no more."""
        self.pending += data
        kept, at = [], 0
        while len(self.pending) - at >= 9:
            end = at + 9 + int.from_bytes(self.pending[at : at + 3], "big")
            if len(self.pending) < end:
                break
            frame = self.pending[at:end]
            if frame[3] == GOAWAY:
                self.leave(int.from_bytes(frame[9:13], "big") & FOREVER, int.from_bytes(frame[13:17], "big"))
            else:
                kept.append(frame)
            at = end
        self.pending = self.pending[at:]
        return b"".join(kept)

    def leave(self, last, error):
        self.is_leaving, self.last = True, min(last, self.last)
        if error:
            self.account.failed.append(f"GOAWAY {error}")
        for number in [number for number in self.streams if number > last]:
            self.account.again += 1
            del self.streams[number]

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            stream.status = dict(event.headers)[b":status"]
        elif isinstance(event, h2.events.DataReceived):
            stream.received += len(event.data)
        elif isinstance(event, h2.events.StreamReset):
            del self.streams[event.stream_id]
            if event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM:
                self.account.again += 1
            else:
                self.account.failed.append(f"{stream.kind.path}: reset {event.error_code}")
        elif isinstance(event, h2.events.StreamEnded):
            del self.streams[event.stream_id]
            self.over(stream)

    def over(self, stream):
        if (stream.status, stream.received, stream.left) == (b"200", stream.kind.expected, 0):
            self.account.answered[stream.kind.path] = self.account.answered.get(stream.kind.path, 0) + 1
        else:
            self.account.failed.append(f"{stream.kind.path}: {stream.status} {stream.received} {stream.left}")

    def fail(self, why):
        if not self.is_heard and isinstance(why, ConnectionResetError):
            # Nobody has accepted it: it was in the queue of a socket that was closed.
            self.account.unheard += 1
            return
        ages = sorted(time.monotonic() - stream.began for stream in self.streams.values())
        self.account.failed += [f"{stream.kind.path}: {why!r}" for stream in self.streams.values()]
        self.account.failed += [f"after {age:.3f} s" for age in ages[-1:]]
        self.streams.clear()


def client(address, tls, kinds, account):
    while not stop.is_set():
        try:
            connection = Connection(address, tls, kinds, account)
        except ConnectionRefusedError:
            return
        except (ConnectionResetError, ssl.SSLError, BrokenPipeError):
            # It was not accepted any more.
            continue
        try:
            connection.run()
        except Exception as error:  # Whatever it is, it is to be told.
            connection.fail(error)


def turns(kinds, first):
    while True:
        yield kinds[first % len(kinds)]
        first += 1


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    kinds = [Kind(text) for text in sys.argv[4:]]
    accounts = [Account() for _ in range(int(sys.argv[3]))]
    threads = [
        threading.Thread(target=client, args=((host, int(port)), sys.argv[2] == "tls", turns(kinds, first), account), daemon=True)
        for first, account in enumerate(accounts)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join(2 * PATIENCE)
    answered = {}
    for account in accounts:
        for path, count in account.answered.items():
            answered[path] = answered.get(path, 0) + count
    failed = [one for account in accounts for one in account.failed] + ["a client hangs" for one in threads if one.is_alive()]
    sums = {name: sum(getattr(account, name) for account in accounts) for name in ("again", "unheard", "connections")}
    print(json.dumps({"answered": answered, "failed": failed, **sums}))


main()

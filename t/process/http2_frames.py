"""A client of HTTP/2 that puts its frames together by hand, so that they may be wrong."""

import socket
import struct
import sys

try:
    import hpack
except ImportError:
    sys.exit(77)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32
NO_ERROR, PROTOCOL, INTERNAL, FLOW_CONTROL, TIMEOUT, CLOSED, FRAME_SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
CALM = 11
PATIENCE = 5
MOST_WINDOW = (1 << 31) - 1

class Gone(Exception):
    """The server closed the connection."""


class Connection:
    def __init__(self, address, settings=b"", preface=PREFACE, greets=True):
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.settimeout(PATIENCE)
        self.buffer = b""
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.server_settings = {}
        self.seen = []
        if greets:
            self.raw(preface)
            self.frame(SETTINGS, 0, 0, settings)
            self.until(lambda one: one[0] == SETTINGS and not one[1] & ACK)
            self.frame(SETTINGS, ACK, 0)

    def raw(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # What it says about it is read.

    def frame(self, kind, flags, stream, payload=b""):
        head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
        self.raw(head + payload)

    def fields(self, *more, method="GET", path="/", without=(), first=()):
        names = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")]
        return self.encoder.encode([*first, *(one for one in names if one[0] not in without), *more], huffman=False)

    def ask(self, stream=1, *more, flags=END_STREAM | END_HEADERS, **how):
        self.frame(HEADERS, flags, stream, self.fields(*more, **how))

    def post(self, stream=1, *more, **how):
        self.ask(stream, *more, flags=END_HEADERS, method="POST", **how)

    def take(self, length):
        while len(self.buffer) < length:
            try:
                more = self.socket.recv(65536)
            except (ConnectionError, socket.timeout) as error:
                if isinstance(error, socket.timeout):
                    raise AssertionError(f"nothing came; seen {self.seen}") from None
                raise Gone from None
            if not more:
                raise Gone
            self.buffer += more
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def next(self):
        head = self.take(9)
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & MOST_WINDOW
        payload = self.take(length)
        self.seen.append((kind, flags, stream, length))
        if kind == SETTINGS and not flags & ACK:
            self.server_settings.update(struct.iter_unpack(">HI", payload))
        return kind, flags, stream, payload

    def until(self, wanted):
        while True:
            frame = self.next()
            if wanted(frame):
                return frame
            if frame[0] == GOAWAY:
                raise AssertionError(f"GOAWAY {code_of(frame)} {frame[3][8:]!r}")

    # What must follow.

    def answer(self, stream=1, status="200"):
        """The fields of the answer to a request, which must have this status."""
        frame = self.until(lambda one: one[0] in (HEADERS, RST_STREAM) and one[2] == stream)
        assert frame[0] == HEADERS, f"RST_STREAM {code_of(frame)}"
        fields = self.decoder.decode(frame[3], raw=True)
        got = dict(fields)[b":status"].decode()
        assert got == status, f"{got} instead of {status}"
        self.ended = bool(frame[1] & END_STREAM)
        return fields

    def body(self, stream=1):
        got = b""
        while not self.ended:
            frame = self.until(lambda one: one[0] in (DATA, RST_STREAM) and one[2] == stream)
            assert frame[0] == DATA, f"RST_STREAM {code_of(frame)}"
            got += frame[3]
            self.ended = bool(frame[1] & END_STREAM)
        return got

    def alive(self):
        """It still answers a PING."""
        self.frame(PING, 0, 0, b"alive?!!")
        self.until(lambda one: one[0] == PING and one[1] & ACK and one[3] == b"alive?!!")

    def connection_error(self, *codes, only=False):
        """GOAWAY with one of these codes and the end, or the end alone. Unless `only` these, PROTOCOL is always right: the
        library that reads frames here tells of most faults in them by that code."""
        told, codes = None, codes if only else (*codes, PROTOCOL)
        try:
            while True:
                frame = self.next()
                if frame[0] == GOAWAY and code_of(frame) != NO_ERROR:
                    told = code_of(frame)
                    assert told in codes, f"GOAWAY {told} {frame[3][8:]!r}, not one of {codes}"
        except Gone:
            return
        except AssertionError:
            if told is None or told not in codes:
                raise
            raise AssertionError("GOAWAY, but the connection stays") from None

    def stream_error(self, stream, *codes, may_answer=False):
        """RST_STREAM with one of these codes; a connection error is as good, and PROTOCOL too. `may_answer`: an error of
        HTTP will do as well (True), or any answer (None)."""
        codes = (*codes, PROTOCOL)
        try:
            while True:
                frame = self.next()
                kind, _, which, payload = frame
                if kind == GOAWAY and code_of(frame) != NO_ERROR:
                    assert code_of(frame) in codes, f"GOAWAY {code_of(frame)} {payload[8:]!r}, not one of {codes}"
                    return
                if kind == RST_STREAM and which == stream:
                    assert code_of(frame) in codes, f"RST_STREAM {code_of(frame)}, not one of {codes}"
                    return
                if kind == HEADERS and which == stream:
                    status = dict(self.decoder.decode(payload, raw=True))[b":status"]
                    if may_answer is None or may_answer and status.startswith((b"4", b"5")):
                        return
                    assert not may_answer, f"answered with {status.decode()}"
        except Gone:
            return

    def malformed(self, stream=1):
        """The stream ends, by PROTOCOL_ERROR or a status that says so, and the connection goes on."""
        self.stream_error(stream, PROTOCOL, may_answer=True)
        self.alive()


def code_of(frame):
    kind, _, _, payload = frame
    return int.from_bytes(payload[4:8] if kind == GOAWAY else payload[:4], "big")


def setting(name, value):
    return struct.pack(">HI", name, value)


def word(value):
    return struct.pack(">I", value)


TABLE_SIZE, PUSH, STREAMS, WINDOW, LARGEST_FRAME, LARGEST_LIST = range(1, 7)

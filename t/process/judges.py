"""Reads HTTP messages with two foreign parsers, h11 and llhttp (as httptools has it), and says what they make of them.

    judges.py <cases >verdicts

A case is a line of JSON: {"kind": "request" or "response", "method": ..., "bytes": base64}. A verdict is one, too: for
each parser the body of the (final) message in base64, or null where it refuses or is left waiting.
"""

import base64
import json
import sys

try:
    import h11
    import httptools
except ImportError:
    sys.exit(77)


def by_h11(kind, method, data):
    connection = h11.Connection(h11.SERVER if kind == "request" else h11.CLIENT, max_incomplete_event_size=1 << 20)
    if kind == "response":
        connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
    body = b""
    try:
        connection.receive_data(data)
        if kind == "response":
            connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return body
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None


class Reading:
    def __init__(self):
        self.body, self.done, self.whole = b"", None, False
        self.parser = None

    def on_message_begin(self):
        self.body = b""

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        informational = self.parser and self.parser.get_status_code() < 200
        if self.done is None and not informational:
            self.done = self.body


def by_llhttp(kind, method, data):
    reading = Reading()
    if kind == "request":
        parser = httptools.HttpRequestParser(reading)
    else:
        parser = reading.parser = httptools.HttpResponseParser(reading)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        # What it understood before stays understood.
        pass
    return reading.done


def text(body):
    return None if body is None else base64.b64encode(body).decode()


for line in sys.stdin:
    case = json.loads(line)
    given = case["kind"], case["method"], base64.b64decode(case["bytes"])
    json.dump({"h11": text(by_h11(*given)), "llhttp": text(by_llhttp(*given))}, sys.stdout)
    print()

"""A client of gRPC that makes calls of all kinds and says what came of them, against the server beside."""

import sys
import threading

import grpc

channel = grpc.insecure_channel(sys.argv[1])
PATIENCE = 30

unary = lambda name: channel.unary_unary(f"/t.Test/{name}")

upper = unary("Upper")
answer, call = upper.with_call(b"hello", timeout=PATIENCE)
assert answer == b"HELLO", answer
assert call.code() == grpc.StatusCode.OK
assert ("x-seen", "5") in [tuple(pair) for pair in call.trailing_metadata()], call.trailing_metadata()

large = b"x" * 3_000_000
assert upper(large, timeout=PATIENCE) == large.upper()

try:
    unary("Fail")(b"", timeout=PATIENCE)
    raise SystemExit("no failure")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == "not \u00e4 now", error

# Answers that come before all has been said, and that no server of gRPC has given.
for name, code, status in (("Limited", grpc.StatusCode.UNKNOWN, "413"), ("Denied", grpc.StatusCode.PERMISSION_DENIED, "403")):
    for _ in range(5):
        try:
            unary(name)(large, timeout=PATIENCE)
            raise SystemExit("no failure")
        except grpc.RpcError as error:
            assert error.code() == code and status in error.details(), error

try:
    unary("Nothing")(b"", timeout=PATIENCE)
    raise SystemExit("no failure")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error

told = unary("Metadata")(b"", metadata=(("x-own", "1"),), timeout=PATIENCE)
assert told == b"[('x-from', '127.0.0.1'), ('x-own', '1')]", told

count = channel.unary_stream("/t.Test/Count")(b"1000", timeout=PATIENCE)
assert [int(number) for number in count] == list(range(1000))

pieces = (b"x" * 50_000 for _ in range(100))
assert channel.stream_unary("/t.Test/Total")(pieces, timeout=PATIENCE) == b"5000000"

# Each word is answered before the next one is said.
turn = threading.Semaphore(1)


def words():
    for number in range(50):
        turn.acquire()
        yield b"word %d" % number


for number, answer in enumerate(channel.stream_stream("/t.Test/Chat")(words(), timeout=PATIENCE)):
    assert answer == b"you said word %d" % number, answer
    turn.release()
assert number == 49

calls = [upper.future(b"n%d" % number, timeout=PATIENCE) for number in range(200)]
assert [call.result() for call in calls] == [b"N%d" % number for number in range(200)]

# A call that is cancelled is over on both sides.
endless = channel.stream_stream("/t.Test/Chat")(iter(lambda: turn.acquire() and b"", None), timeout=PATIENCE)
endless.cancel()
assert upper(b"after", timeout=PATIENCE) == b"AFTER"
print("fine")

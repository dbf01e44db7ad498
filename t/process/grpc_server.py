"""A server of gRPC, whose messages are bytes. It says its port, and ends with its input."""

import sys
from concurrent import futures

import grpc


def upper(message, context):
    context.set_trailing_metadata((("x-seen", str(len(message))),))
    return message.upper()


def fail(message, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not ä now")


def count(message, context):
    for number in range(int(message)):
        yield str(number).encode()


def total(messages, context):
    return str(sum(len(message) for message in messages)).encode()


def chat(messages, context):
    for message in messages:
        yield b"you said " + message


def metadata(message, context):
    return repr(sorted((key, value) for key, value in context.invocation_metadata() if key.startswith("x-"))).encode()


server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((
    grpc.method_handlers_generic_handler("t.Test", {
        "Upper": grpc.unary_unary_rpc_method_handler(upper),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Metadata": grpc.unary_unary_rpc_method_handler(metadata),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Total": grpc.stream_unary_rpc_method_handler(total),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }),
))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(None)

"""What RFC 9113 and RFC 7541 require of a server, one case each.

Usage: http2_spec.py HOST:PORT [NAME…]. The server speaks HTTP/2 with prior knowledge and answers `/` with some bytes,
`/large` with 100,000 or more, and whatever is posted to either. One line is printed for each case: "ok NAME", or
"FAIL NAME: why". The exit code is 1 when a case failed, and 77 when hpack is missing.
"""

import sys
import time

from http2_frames import *

CASES = {}
ADDRESS = None


def case(function):
    CASES[function.__name__] = function
    return function


def opened(*arguments, **how):
    return Connection(ADDRESS, *arguments, **how)


# 3.4 the preface

@case
def preface_and_settings_begin_a_connection():
    connection = opened()
    connection.until(lambda one: one[0] == SETTINGS and one[1] & ACK)
    connection.alive()


@case
def a_wrong_preface_ends_it():
    connection = opened(greets=False)
    connection.raw(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + b"\0" * 9)
    try:
        while connection.take(1):
            pass
    except Gone:
        return


@case
def the_first_frame_is_settings():
    connection = opened(greets=False)
    connection.raw(PREFACE)
    connection.frame(PING, 0, 0, b"12345678")
    connection.connection_error(PROTOCOL)


# 4 frames

@case
def unknown_types_are_ignored():
    connection = opened()
    connection.frame(0x16, 0, 0, b"unknown")
    connection.frame(0x16, 0xFF, 7, b"unknown")
    connection.alive()


@case
def unknown_flags_are_ignored():
    connection = opened()
    connection.frame(PING, 0x16, 0, b"flagged!")
    connection.until(lambda one: one[0] == PING and one[3] == b"flagged!")


@case
def the_reserved_bit_is_ignored():
    connection = opened()
    connection.frame(PING, 0, 1 << 31, b"reserved")
    connection.until(lambda one: one[0] == PING and one[3] == b"reserved")


@case
def data_of_16384_bytes_is_taken():
    connection = opened()
    connection.post()
    connection.frame(DATA, END_STREAM, 1, b"d" * 16384)
    connection.answer()


@case
def larger_data_is_a_frame_size_error():
    connection = opened()
    connection.post()
    size = connection.server_settings.get(LARGEST_FRAME, 16384)
    connection.frame(DATA, END_STREAM, 1, b"d" * (size + 1))
    connection.stream_error(1, FRAME_SIZE)


@case
def larger_headers_are_a_frame_size_error():
    connection = opened()
    size = connection.server_settings.get(LARGEST_FRAME, 16384)
    block = connection.fields(("x", "x" * (size + 1)))
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, block)
    connection.connection_error(FRAME_SIZE)


@case
def a_block_that_cannot_be_read_is_a_compression_error():
    connection = opened()
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x40\x7f\xff\xff\xff\xff\xff\xff\xff\xff")
    connection.connection_error(COMPRESSION, only=True)


def block_begun(connection, stream=1):
    block = connection.fields()
    connection.frame(HEADERS, END_STREAM, stream, block[:4])
    return block[4:]


@case
def no_priority_within_a_block():
    connection = opened()
    block_begun(connection)
    connection.frame(PRIORITY, 0, 3, b"\0\0\0\0\x0f")
    connection.connection_error(PROTOCOL)


@case
def no_other_stream_within_a_block():
    connection = opened()
    block_begun(connection)
    connection.ask(3)
    connection.connection_error(PROTOCOL)


@case
def no_unknown_type_within_a_block():
    connection = opened()
    block_begun(connection)
    connection.frame(0x16, 0, 0, b"unknown")
    connection.connection_error(PROTOCOL)


# 5.1 states of a stream

def on_idle(kind, payload, flags=0):
    connection = opened()
    connection.frame(kind, flags, 1, payload)
    connection.connection_error(PROTOCOL)


@case
def no_data_on_an_idle_stream():
    on_idle(DATA, b"data", END_STREAM)


@case
def no_reset_on_an_idle_stream():
    on_idle(RST_STREAM, word(CANCEL))


@case
def no_window_on_an_idle_stream():
    on_idle(WINDOW_UPDATE, word(100))


@case
def no_continuation_on_an_idle_stream():
    on_idle(CONTINUATION, b"\x82\x84", END_HEADERS)


@case
def priority_on_an_idle_stream_is_no_fault():
    connection = opened()
    connection.frame(PRIORITY, 0, 7, b"\0\0\0\0\x0f")
    connection.ask(9)
    connection.answer(9)


def half_closed():
    """A stream that the client has ended and that the server cannot end."""
    connection = opened(setting(WINDOW, 0))
    connection.ask(path="/large")
    connection.answer()
    return connection


@case
def no_data_on_a_stream_that_was_ended():
    connection = half_closed()
    connection.frame(DATA, END_STREAM, 1, b"more")
    connection.stream_error(1, CLOSED)


@case
def no_headers_on_a_stream_that_was_ended():
    connection = half_closed()
    connection.ask(1)
    connection.stream_error(1, CLOSED, PROTOCOL)


@case
def no_continuation_on_a_stream_that_was_ended():
    connection = half_closed()
    connection.frame(CONTINUATION, END_HEADERS, 1, b"\x82\x84")
    connection.connection_error(CLOSED, PROTOCOL)


@case
def window_and_priority_on_a_stream_that_was_ended():
    connection = half_closed()
    connection.frame(PRIORITY, 0, 1, b"\0\0\0\0\x0f")
    connection.frame(WINDOW_UPDATE, 0, 1, word(5))
    got = connection.until(lambda one: one[0] == DATA and one[2] == 1)
    assert len(got[3]) == 5, got


def reset():
    connection = half_closed()
    connection.frame(RST_STREAM, 0, 1, word(CANCEL))
    return connection


@case
def no_data_on_a_stream_that_was_reset():
    connection = reset()
    connection.frame(DATA, END_STREAM, 1, b"more")
    connection.stream_error(1, CLOSED)


@case
def no_headers_on_a_stream_that_was_reset():
    connection = reset()
    connection.ask(1)
    connection.stream_error(1, CLOSED, PROTOCOL)


@case
def no_continuation_on_a_stream_that_was_reset():
    connection = reset()
    connection.frame(CONTINUATION, END_HEADERS, 1, b"\x82\x84")
    connection.connection_error(CLOSED, PROTOCOL)


@case
def window_and_reset_on_a_closed_stream_are_no_faults():
    connection = reset()
    connection.frame(WINDOW_UPDATE, 0, 1, word(5))
    connection.frame(RST_STREAM, 0, 1, word(CANCEL))
    connection.frame(PRIORITY, 0, 1, b"\0\0\0\0\x0f")
    connection.alive()


def closed():
    connection = opened()
    connection.ask()
    connection.answer()
    connection.body()
    return connection


@case
def no_data_on_a_closed_stream():
    connection = closed()
    connection.frame(DATA, END_STREAM, 1, b"more")
    connection.stream_error(1, CLOSED)


@case
def no_headers_on_a_closed_stream():
    connection = closed()
    connection.ask(1)
    connection.connection_error(CLOSED, PROTOCOL)


@case
def no_continuation_on_a_closed_stream():
    connection = closed()
    connection.frame(CONTINUATION, END_HEADERS, 1, b"\x82\x84")
    connection.connection_error(CLOSED, PROTOCOL)


@case
def streams_of_clients_are_odd():
    connection = opened()
    connection.ask(2)
    connection.connection_error(PROTOCOL)


@case
def numbers_of_streams_grow():
    connection = opened()
    connection.ask(5)
    connection.answer(5)
    connection.ask(3)
    connection.connection_error(PROTOCOL, CLOSED)


@case
def too_many_streams_are_refused():
    connection = opened()
    most = connection.server_settings.get(STREAMS)
    assert most is not None and most <= 1000, "no bound was told"
    for number in range(most + 1):
        connection.post(2 * number + 1)
    connection.stream_error(2 * most + 1, PROTOCOL, REFUSED)


@case
def a_hundred_streams_at_once():
    connection = opened()
    most = min(connection.server_settings.get(STREAMS, 100), 100)
    streams = [2 * number + 1 for number in range(most)]
    for stream in streams:
        connection.post(stream)
    for stream in reversed(streams):
        connection.frame(DATA, END_STREAM, stream, b"last")
    left = set(streams)
    while left:
        frame = connection.until(lambda one: one[0] in (HEADERS, DATA, RST_STREAM))
        assert frame[0] != RST_STREAM, frame
        if frame[0] == HEADERS:
            fields = connection.decoder.decode(frame[3], raw=True)
            assert (b":status", b"200") in fields, fields
        if frame[1] & END_STREAM:
            left.discard(frame[2])


@case
def errors_of_the_connection_end_it():
    connection = opened()
    connection.frame(PING, 0, 0, b"short")
    connection.connection_error(FRAME_SIZE)
    assert connection.seen[-1][0] == GOAWAY, connection.seen


# 6.1 DATA

@case
def data_needs_a_stream():
    connection = opened()
    connection.frame(DATA, END_STREAM, 0, b"data")
    connection.connection_error(PROTOCOL)


@case
def padding_of_data_fits():
    connection = opened()
    connection.post()
    connection.frame(DATA, END_STREAM | PADDED, 1, b"\x05four")
    connection.connection_error(PROTOCOL)


@case
def padded_data_is_taken():
    connection = opened()
    connection.post(1, ("content-length", "4"))
    connection.frame(DATA, END_STREAM | PADDED, 1, b"\x03four\0\0\0")
    connection.answer()


@case
def empty_data_may_end_a_stream():
    connection = opened()
    connection.post()
    connection.frame(DATA, 0, 1)
    connection.frame(DATA, END_STREAM, 1)
    connection.answer()


# 6.2 HEADERS

@case
def headers_need_a_stream():
    connection = opened()
    connection.ask(0)
    connection.connection_error(PROTOCOL)


@case
def padding_of_headers_fits():
    connection = opened()
    block = connection.fields()
    connection.frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, bytes([len(block) + 1]) + block)
    connection.connection_error(PROTOCOL)


@case
def padded_headers_with_priority_are_read():
    connection = opened()
    block = b"\x04" + b"\0\0\0\0\x0f" + connection.fields() + b"\0" * 4
    connection.frame(HEADERS, END_STREAM | END_HEADERS | PADDED | WITH_PRIORITY, 1, block)
    connection.answer()


# 6.3 PRIORITY

@case
def priority_needs_a_stream():
    connection = opened()
    connection.frame(PRIORITY, 0, 0, b"\0\0\0\0\x0f")
    connection.connection_error(PROTOCOL)


@case
def priority_has_five_bytes():
    connection = opened()
    connection.post()
    connection.frame(PRIORITY, 0, 1, b"\0\0\0\0")
    connection.stream_error(1, FRAME_SIZE)


# 6.4 RST_STREAM

@case
def a_reset_needs_a_stream():
    connection = opened()
    connection.frame(RST_STREAM, 0, 0, word(CANCEL))
    connection.connection_error(PROTOCOL)


@case
def a_reset_has_four_bytes():
    connection = opened()
    connection.post()
    connection.frame(RST_STREAM, 0, 1, b"\0\0\0")
    connection.connection_error(FRAME_SIZE)


@case
def a_reset_ends_one_stream_only():
    connection = opened()
    connection.post(1)
    connection.ask(3)
    connection.frame(RST_STREAM, 0, 1, word(CANCEL))
    connection.answer(3)
    connection.alive()


# 6.5 SETTINGS

@case
def an_acknowledgement_is_empty():
    connection = opened()
    connection.frame(SETTINGS, ACK, 0, b"\0")
    connection.connection_error(FRAME_SIZE)


@case
def settings_are_of_the_connection():
    connection = opened()
    connection.frame(SETTINGS, 0, 1, setting(STREAMS, 10))
    connection.connection_error(PROTOCOL)


@case
def settings_have_six_bytes_each():
    connection = opened()
    connection.frame(SETTINGS, 0, 0, b"\0\3\0")
    connection.connection_error(FRAME_SIZE)


def bad_setting(name, value, *codes):
    connection = opened()
    connection.frame(SETTINGS, 0, 0, setting(name, value))
    connection.connection_error(*codes)


@case
def push_is_on_or_off():
    bad_setting(PUSH, 2, PROTOCOL)


@case
def an_initial_window_has_31_bits():
    bad_setting(WINDOW, MOST_WINDOW + 1, FLOW_CONTROL)


@case
def the_largest_frame_has_16384_bytes_at_least():
    bad_setting(LARGEST_FRAME, 16383, PROTOCOL)


@case
def the_largest_frame_has_24_bits():
    bad_setting(LARGEST_FRAME, 1 << 24, PROTOCOL)


@case
def unknown_settings_are_ignored():
    connection = opened()
    connection.frame(SETTINGS, 0, 0, setting(0xFF, 1))
    connection.alive()


@case
def of_repeated_settings_the_last_counts():
    connection = opened(setting(WINDOW, 100) + setting(WINDOW, 1))
    connection.ask()
    connection.answer()
    frame = connection.until(lambda one: one[0] == DATA)
    assert len(frame[3]) == 1, frame


@case
def settings_are_acknowledged():
    connection = opened()
    connection.until(lambda one: one[0] == SETTINGS and one[1] & ACK)
    connection.frame(SETTINGS, 0, 0, setting(STREAMS, 10))
    connection.until(lambda one: one[0] == SETTINGS and one[1] & ACK)


# 6.7 PING

@case
def a_ping_is_answered_with_its_bytes():
    connection = opened()
    connection.frame(PING, 0, 0, b"\0\1\2\3\4\5\6\7")
    connection.until(lambda one: one[0] == PING and one[1] & ACK and one[3] == b"\0\1\2\3\4\5\6\7")


@case
def an_answer_to_no_ping_is_ignored():
    connection = opened()
    connection.frame(PING, ACK, 0, b"unasked!")
    connection.frame(PING, 0, 0, b"question")
    frame = connection.until(lambda one: one[0] == PING)
    assert frame[3] == b"question", frame


@case
def a_ping_is_of_the_connection():
    connection = opened()
    connection.frame(PING, 0, 1, b"12345678")
    connection.connection_error(PROTOCOL)


@case
def a_ping_has_eight_bytes():
    connection = opened()
    connection.frame(PING, 0, 0, b"123456")
    connection.connection_error(FRAME_SIZE)


# 6.8 GOAWAY

@case
def goaway_is_of_the_connection():
    connection = opened()
    connection.frame(GOAWAY, 0, 1, word(0) + word(NO_ERROR))
    connection.connection_error(PROTOCOL)


@case
def after_goaway_open_streams_are_answered():
    connection = opened()
    connection.post()
    connection.frame(GOAWAY, 0, 0, word(0) + word(NO_ERROR))
    connection.frame(DATA, END_STREAM, 1, b"rest")
    connection.answer()
    connection.body()


# 6.9 WINDOW_UPDATE

@case
def a_window_of_the_connection_grows_by_something():
    connection = opened()
    connection.frame(WINDOW_UPDATE, 0, 0, word(0))
    connection.connection_error(PROTOCOL)


@case
def a_window_of_a_stream_grows_by_something():
    connection = opened()
    connection.post()
    connection.frame(WINDOW_UPDATE, 0, 1, word(0))
    connection.stream_error(1, PROTOCOL)


@case
def a_window_update_has_four_bytes():
    connection = opened()
    connection.frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")
    connection.connection_error(FRAME_SIZE)


@case
def no_more_is_sent_than_the_window_of_a_stream():
    connection = opened(setting(WINDOW, 1))
    connection.ask()
    connection.answer()
    frame = connection.until(lambda one: one[0] == DATA)
    assert len(frame[3]) == 1, frame
    connection.alive()
    assert sum(one[3] for one in connection.seen if one[0] == DATA) == 1, connection.seen


@case
def no_more_is_sent_than_the_window_of_the_connection():
    connection = opened(setting(WINDOW, 1 << 20))
    connection.ask(path="/large")
    connection.answer()
    got = 0
    while got < 65535:
        got += len(connection.until(lambda one: one[0] == DATA)[3])
    connection.alive()
    assert got == 65535 == sum(one[3] for one in connection.seen if one[0] == DATA), got
    connection.frame(WINDOW_UPDATE, 0, 0, word(10))
    more = 0
    while more < 10:
        more += len(connection.until(lambda one: one[0] == DATA)[3])
    assert more == 10, more


@case
def a_window_of_the_connection_has_31_bits():
    connection = opened()
    connection.frame(WINDOW_UPDATE, 0, 0, word(MOST_WINDOW))
    connection.frame(WINDOW_UPDATE, 0, 0, word(MOST_WINDOW))
    connection.connection_error(FLOW_CONTROL)


@case
def a_window_of_a_stream_has_31_bits():
    connection = opened()
    connection.post()
    connection.frame(WINDOW_UPDATE, 0, 1, word(MOST_WINDOW))
    connection.frame(WINDOW_UPDATE, 0, 1, word(MOST_WINDOW))
    connection.stream_error(1, FLOW_CONTROL)


@case
def a_new_initial_window_holds_for_open_streams():
    connection = opened(setting(WINDOW, 0))
    connection.ask()
    connection.answer()
    connection.frame(SETTINGS, 0, 0, setting(WINDOW, 1))
    frame = connection.until(lambda one: one[0] == DATA)
    assert len(frame[3]) == 1, frame


@case
def a_window_may_be_negative():
    connection = opened(setting(WINDOW, 3))
    connection.ask(path="/large")
    connection.answer()
    assert len(connection.until(lambda one: one[0] == DATA)[3]) == 3
    connection.frame(SETTINGS, 0, 0, setting(WINDOW, 2))
    connection.frame(WINDOW_UPDATE, 0, 1, word(2))
    frame = connection.until(lambda one: one[0] == DATA)
    assert len(frame[3]) == 1, frame


@case
def an_initial_window_that_makes_open_ones_too_large():
    connection = opened(setting(WINDOW, 0))
    connection.ask(path="/large")
    connection.answer()
    connection.frame(WINDOW_UPDATE, 0, 1, word(MOST_WINDOW - 70000))
    connection.frame(SETTINGS, 0, 0, setting(WINDOW, MOST_WINDOW))
    connection.stream_error(1, FLOW_CONTROL)


@case
def a_large_body_is_let_in():
    connection = opened()
    window, total = {0: 65535, 1: connection.server_settings.get(WINDOW, 65535)}, 600_000
    connection.post(1, ("content-length", str(total)))
    sent = 0
    while sent < total:
        room = min(*window.values(), 16384, total - sent)
        if room == 0:
            _, _, stream, more = connection.until(lambda one: one[0] == WINDOW_UPDATE)
            window[stream] += int.from_bytes(more, "big")
            continue
        sent += room
        window = {stream: left - room for stream, left in window.items()}
        connection.frame(DATA, END_STREAM if sent == total else 0, 1, b"u" * room)
    connection.answer()


@case
def padding_is_given_back_too():
    connection = opened()
    window = connection.server_settings.get(WINDOW, 65535)
    connection.post()
    for _ in range(min(65535, window) // 256):
        connection.frame(DATA, PADDED, 1, bytes([254]) + b"p" + bytes(254))
    connection.until(lambda one: one[0] == WINDOW_UPDATE and one[2] in (0, 1))
    connection.frame(DATA, END_STREAM, 1)
    connection.answer()


@case
def more_than_the_window_is_a_flow_control_error():
    connection = opened()
    connection.post(path="/large")
    size = connection.server_settings.get(WINDOW, 65535)
    piece = b"w" * 16384
    # Twice as much as any window that was given, without ever reading.
    for _ in range(2 * max(size, 65535) // len(piece) + 8):
        connection.frame(DATA, 0, 1, piece)
    try:
        while True:
            frame = connection.next()
            if frame[0] in (GOAWAY, RST_STREAM) and code_of(frame) != NO_ERROR:
                assert code_of(frame) == FLOW_CONTROL, code_of(frame)
                return
            given = frame[0] == WINDOW_UPDATE
            if given:
                return  # A server that reads as fast as it comes gives windows back in time.
    except Gone:
        return


# 6.10 CONTINUATION

@case
def a_block_may_come_in_many_pieces():
    connection = opened()
    rest = block_begun(connection)
    for place in range(len(rest) - 1):
        connection.frame(CONTINUATION, 0, 1, rest[place : place + 1])
    connection.frame(CONTINUATION, END_HEADERS, 1, rest[-1:])
    connection.answer()


@case
def only_continuation_follows_a_begun_block():
    connection = opened()
    rest = block_begun(connection)
    connection.frame(CONTINUATION, 0, 1, rest[:2])
    connection.frame(DATA, 0, 1, b"data")
    connection.connection_error(PROTOCOL)


@case
def a_continuation_needs_a_stream():
    connection = opened()
    rest = block_begun(connection)
    connection.frame(CONTINUATION, END_HEADERS, 0, rest)
    connection.connection_error(PROTOCOL)


@case
def no_continuation_after_a_whole_block():
    connection = opened()
    connection.post()
    connection.frame(CONTINUATION, END_HEADERS, 1, connection.fields(("a", "b")))
    connection.connection_error(PROTOCOL)


@case
def no_continuation_after_the_last_one():
    connection = opened()
    block = connection.fields(method="POST")
    connection.frame(HEADERS, 0, 1, block[:4])
    connection.frame(CONTINUATION, END_HEADERS, 1, block[4:])
    connection.frame(CONTINUATION, END_HEADERS, 1, b"")
    connection.connection_error(PROTOCOL)


@case
def no_continuation_after_data():
    connection = opened()
    connection.post()
    connection.frame(DATA, 0, 1, b"data")
    connection.frame(CONTINUATION, END_HEADERS, 1, connection.fields(("a", "b")))
    connection.connection_error(PROTOCOL)


# 8 requests

@case
def a_head_has_no_body():
    connection = opened()
    connection.ask(method="HEAD")
    connection.answer()
    assert connection.body() == b""


@case
def trailers_may_end_a_request():
    connection = opened()
    connection.post()
    connection.frame(DATA, 0, 1, b"data")
    block = connection.encoder.encode([("x-trailer", "1")])
    connection.frame(HEADERS, END_HEADERS | END_STREAM, 1, block)
    connection.answer()


@case
def trailers_end_the_stream():
    connection = opened()
    connection.post()
    connection.frame(DATA, 0, 1, b"data")
    block = connection.encoder.encode([("x-trailer", "1")])
    connection.frame(HEADERS, END_HEADERS, 1, block)
    connection.malformed()


@case
def trailers_have_no_pseudo_fields():
    connection = opened()
    connection.post()
    connection.frame(DATA, 0, 1, b"data")
    # The library tells nobody of pseudo fields in trailers: they have no effect.
    connection.frame(HEADERS, END_HEADERS | END_STREAM, 1, connection.encoder.encode([(":method", "GET")]))
    connection.stream_error(1, PROTOCOL, may_answer=None)


def malformed(*more, **how):
    """A request that is none ends alone: one before it, which is not over, and one behind it have their answers, though
    the malformed one has changed what numbers of fields stand for, and comes in one frame or in two."""
    connection = opened()
    connection.post(1, ("x-before", "1"))
    for stream in (3, 5):
        connection.ask(stream, *more, **how)
        connection.malformed(stream)
    block = connection.fields(*more, ("x-more", "m" * 300), **how)
    connection.frame(HEADERS, END_STREAM, 7, block[:5])
    connection.frame(CONTINUATION, END_HEADERS, 7, block[5:])
    connection.malformed(7)
    connection.frame(DATA, END_STREAM, 1, b"data")
    connection.answer(1)
    connection.body(1)
    connection.ask(9, ("x-before", "1"))
    connection.answer(9)


@case
def methods_are_words():
    for method in ("", "G T", "G\x01"):
        malformed(method=method)


@case
def values_have_no_control_characters():
    malformed(("x", "a\x01b"))
    malformed(("x", "a\x7fb"), ("y", "z"))


@case
def a_stream_does_not_depend_on_itself():
    connection = opened()
    block = struct.pack(">IB", 1, 16) + connection.fields(("x-before", "1"))
    connection.frame(HEADERS, END_STREAM | END_HEADERS | 0x20, 1, block)
    connection.malformed()
    connection.ask(3, ("x-before", "1"))
    connection.answer(3)


@case
def malformed_trailers_end_their_stream_alone():
    connection = opened()
    connection.post(1)
    connection.post(3)
    connection.frame(DATA, 0, 1, b"data")
    connection.frame(HEADERS, END_HEADERS | END_STREAM, 1, connection.encoder.encode([("x", "a\0")]))
    connection.malformed(1)
    connection.frame(DATA, END_STREAM, 3, b"data")
    connection.answer(3)


@case
def names_are_lower_case():
    malformed(("X-Upper", "1"))


@case
def names_have_no_spaces():
    malformed(("x y", "1"))


@case
def names_have_no_colon_inside():
    malformed(("x:y", "1"))


@case
def names_are_not_empty():
    malformed(("", "1"))


@case
def values_have_no_line_ends():
    malformed(("x", "a\nb"))


@case
def values_have_no_carriage_returns():
    malformed(("x", "a\rb"))


@case
def values_have_no_zero_bytes():
    malformed(("x", "a\0b"))


@case
def no_unknown_pseudo_fields():
    malformed(first=[(":test", "1")])


@case
def no_pseudo_field_of_responses():
    malformed(first=[(":status", "200")])


@case
def pseudo_fields_come_first():
    malformed(("x", "1"), (":path", "/"), without=[":path"])


@case
def no_connection_field():
    malformed(("connection", "keep-alive"))


@case
def no_transfer_encoding():
    malformed(("transfer-encoding", "chunked"))


@case
def no_upgrade():
    malformed(("upgrade", "h2c"))


def refused(*fields):
    """A request in these fields is refused, and others are not."""
    connection = opened()
    connection.frame(HEADERS, END_HEADERS, 1, connection.encoder.encode([*fields]))
    connection.malformed()
    other = opened()
    other.ask(1)
    other.answer()


@case
def no_tunnel():
    refused((":method", "CONNECT"), (":authority", "a:443"))


@case
def no_websocket():
    connection = opened()
    connection.alive()
    assert 8 not in connection.server_settings, "SETTINGS_ENABLE_CONNECT_PROTOCOL"
    refused((":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "a"))


@case
def a_client_that_expects_so_is_told_to_continue():
    connection = opened()
    connection.post(1, ("expect", "100-continue"))
    connection.answer(1, "100")
    connection.frame(DATA, END_STREAM, 1, b"data")
    connection.answer()


@case
def a_megabyte_of_fields_is_no_request():
    connection = opened()
    block = connection.encoder.encode([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")])
    block += b"\x00\x01a\x7f\x81\x1e" + b"v" * 3968
    connection.frame(HEADERS, END_STREAM, 1, block)
    for number in range(256):
        connection.frame(CONTINUATION, END_HEADERS * (number == 255), 1, b"\x00\x01a\x7f\x81\x1e" + b"v" * 3968)
    calm_down = 11
    connection.stream_error(1, calm_down, may_answer=True)
    other = opened()
    other.ask(1)
    other.answer()


@case
def te_says_trailers_or_nothing():
    malformed(("te", "trailers, deflate"))


@case
def te_may_say_trailers():
    connection = opened()
    connection.ask(1, ("te", "trailers"))
    connection.answer()


@case
def a_path_is_not_empty():
    malformed(path="")


@case
def a_path_begins_with_a_slash():
    malformed(path="x")


@case
def a_method_is_needed():
    malformed(without=[":method"])


@case
def a_scheme_is_needed():
    malformed(without=[":scheme"])


@case
def a_path_is_needed():
    malformed(without=[":path"])


@case
def one_method():
    malformed(first=[(":method", "GET")])


@case
def one_scheme():
    malformed(first=[(":scheme", "http")])


@case
def one_path():
    malformed(first=[(":path", "/")])


@case
def one_authority():
    malformed(first=[(":authority", "a")])


@case
def an_authority_or_a_host():
    malformed(without=[":authority"])


@case
def a_host_instead_of_an_authority():
    connection = opened()
    connection.ask(1, ("host", "a"), without=[":authority"])
    connection.answer()


@case
def authority_and_host_are_the_same():
    malformed(("host", "b"))


@case
def the_length_that_was_told_is_sent():
    connection = opened()
    connection.post(1, ("content-length", "1"))
    connection.frame(DATA, END_STREAM, 1, b"four")
    connection.malformed()


@case
def the_length_that_was_told_is_sent_over_frames():
    connection = opened()
    connection.post(1, ("content-length", "9"))
    connection.frame(DATA, 0, 1, b"four")
    connection.frame(DATA, END_STREAM, 1, b"four")
    connection.malformed()


@case
def a_length_without_a_body():
    connection = opened()
    connection.ask(1, ("content-length", "4"), method="POST")
    connection.malformed()


@case
def a_stream_may_be_ended_behind_its_last_byte():
    connection = opened()
    connection.post(1, ("content-length", "4"))
    connection.frame(DATA, 0, 1, b"four")
    connection.answer()
    connection.body()
    time.sleep(0.1)
    connection.alive()
    assert not any(one[0] == RST_STREAM for one in connection.seen), connection.seen
    connection.frame(DATA, END_STREAM, 1)
    connection.alive()


@case
def two_lengths():
    connection = opened()
    connection.post(1, ("content-length", "4"), ("content-length", "5"))
    connection.frame(DATA, END_STREAM, 1, b"four")
    connection.malformed()


@case
def clients_push_nothing():
    connection = opened()
    connection.frame(PUSH_PROMISE, END_HEADERS, 1, word(3) + connection.fields())
    connection.connection_error(PROTOCOL)


@case
def cookies_may_come_in_pieces():
    connection = opened()
    connection.ask(1, ("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3"))
    connection.answer()


@case
def answers_have_lower_case_names_and_no_fields_of_connections():
    connection = opened()
    connection.ask()
    fields = connection.answer()
    assert fields[0][0] == b":status", fields
    for name, _ in fields:
        assert name == name.lower(), fields
        assert name not in (b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"proxy-connection"), fields


@case
def a_body_has_the_length_that_is_told():
    connection = opened(setting(WINDOW, 1 << 20))
    connection.frame(WINDOW_UPDATE, 0, 0, word(1 << 20))
    connection.ask(path="/large")
    length = dict(connection.answer()).get(b"content-length")
    body = connection.body()
    assert length is None or int(length) == len(body), (length, len(body))
    assert all(one[3] <= 16384 for one in connection.seen), "frames larger than the client wants"


# RFC 7541

@case
def every_form_of_a_field_is_read():
    connection = opened()
    start = b"\x82\x86\x84\x41\x01a"
    forms = [b"\x40\x01x\x01y", b"\x00\x01x\x01y", b"\x10\x01x\x01y", b"\x0f\x2b\x01y", b"\x1f\x2b\x01y", b"\x7a\x01y"]
    for number, form in enumerate(forms):
        connection.frame(HEADERS, END_STREAM | END_HEADERS, 2 * number + 1, start + form)
        connection.answer(2 * number + 1)
        connection.body(2 * number + 1)
    # The two newest entries of the dynamic table: the last form's, and the authority before it.
    last = 2 * len(forms) + 1
    connection.frame(HEADERS, END_STREAM | END_HEADERS, last, b"\x82\x86\x84\xbf\xbe")
    connection.answer(last)


@case
def strings_may_be_coded():
    connection = opened()
    block = connection.encoder.encode(
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("x", "www.example.com")], huffman=True
    )
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, block)
    connection.answer()


def bad_block(more):
    connection = opened()
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, connection.fields() + more)
    connection.connection_error(COMPRESSION)


@case
def index_0_is_none():
    bad_block(b"\x80")


@case
def an_index_behind_the_tables():
    bad_block(b"\xff\x80\x01")


@case
def a_name_behind_the_tables():
    bad_block(b"\x7f\x80\x01\x01y")


@case
def a_table_size_stands_at_the_beginning():
    bad_block(b"\x20")


@case
def a_table_size_larger_than_allowed():
    connection = opened()
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x3f\xe2\xff\x03" + connection.fields())
    connection.connection_error(COMPRESSION)


@case
def a_table_size_of_0_and_more_again():
    connection = opened()
    connection.frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x20\x3f\xe1\x1f" + connection.fields())
    connection.answer()


@case
def padding_of_a_string_below_8_bits():
    bad_block(b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff")


@case
def padding_of_a_string_is_of_ones():
    bad_block(b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90")


@case
def no_end_of_string_in_a_string():
    bad_block(b"\x00\x85\xf2\xb2\x4a\x87\xff\xff\xff\xff\xfa\x57\x93")


@case
def a_string_that_goes_on_behind_the_block():
    bad_block(b"\x00\x7fxxx")


@case
def tables_may_be_small_at_the_client():
    connection = opened(setting(TABLE_SIZE, 0))
    connection.decoder.max_allowed_table_size = 0
    for stream in (1, 3, 5):
        connection.ask(stream)
        connection.answer(stream)
        connection.body(stream)


def main():
    global ADDRESS
    host, _, port = sys.argv[1].rpartition(":")
    ADDRESS = host, int(port)
    failed = 0
    for name, function in CASES.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        try:
            function()
            print("ok", name, flush=True)
        except (Gone, OSError, AssertionError) as error:
            failed += 1
            print(f"FAIL {name}: {type(error).__name__} {error}", flush=True)
    sys.exit(failed > 0)


main()

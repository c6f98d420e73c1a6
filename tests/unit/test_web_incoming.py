"""Requests are put together from any pieces as gunicorn's own reader would, or refused as it would."""

from __future__ import annotations

import contextlib
import io
import itertools

import pytest
from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from server.ops.web.incoming import Disk, DiskBudgetSpent, EndlessBody, Incoming
from server.ops.web.limits import Limits

CALLER = ("127.0.0.1", 1)
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LIMITS = Limits(in_memory=20, body=1000, stranger_body=500)
LINES = st.sampled_from(
    [b"0\r\n", b"3\r\n", b"3;a=b\r\n", b"3 ;a\r\n", b"3 \r\n", b";a\r\n", b"-3\r\n", b"0x3\r\n", b"00003\r\n",
     b"abc\r\n", b"abc", b"\r\n", b"\n", b"F\r\n", b"X: y\r\n", b"Host: z\r\n", b"3;a=\"q\"\r\n", b"3;\r\n",
     b"3;a\rb\r\n", b"+3\r\n", b"\xef\xbc\x93\r\n"]
)  # fmt: skip


def arriving(limits: Limits = LIMITS, disk: Disk | None = None) -> Incoming:
    return Incoming(Config(), CALLER, limits, disk or Disk(10_000))


def taken(sent: bytes, cuts: list[int]) -> tuple[bytes, bytes] | None:
    """The body of a chunked request sent in such pieces, and what follows it; None when it is refused or not whole."""
    edges = sorted({0, len(sent), *(cut % (len(sent) + 1) for cut in cuts)})
    with contextlib.closing(arriving()) as incoming, contextlib.suppress(ParseException):
        for begin, end in itertools.pairwise(edges):
            if incoming.feed(sent[begin:end]):
                return incoming.request.body.read(), bytes(incoming._buffer) + sent[end:]
    return None


def read_by_gunicorn(sent: bytes) -> tuple[bytes, bytes] | None:
    parser = RequestParser(Config(), iter([sent]), CALLER)
    try:
        body = next(parser).body.read()
    except (ParseException, OSError):
        return None
    return body, parser.unreader.take_buffered()


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(LINES, max_size=8), st.lists(st.integers(0, 500), max_size=6))
def test_chunks_are_read_as_gunicorn_reads_them(lines, cuts) -> None:
    sent = CHUNKED + b"".join(lines)
    assert taken(sent, cuts) == read_by_gunicorn(sent)


@settings(deadline=None)  # a busy machine is no fault
@given(st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=6), st.integers(1, 3))
def test_bodies_of_a_known_length_come_whole_in_any_pieces(body, cuts, requests) -> None:
    sent = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    incoming, bodies = arriving(), []
    edges = sorted({0, len(sent) * requests, *(cut % (len(sent) * requests + 1) for cut in cuts)})
    for begin, end in itertools.pairwise(edges):
        whole = incoming.feed((sent * requests)[begin:end])
        while whole:
            bodies.append(incoming.request.body.read())
            whole = incoming.begin_next()
    assert bodies == [body] * requests
    assert not incoming.has_begun


def test_a_large_body_is_in_a_file_and_its_place_is_given_back() -> None:
    disk = Disk(100)
    incoming = arriving(disk=disk)
    head = b"POST /key/t/submission HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    for size in (20, 99, 100):
        assert incoming.feed(head % size + bytes(size))
        assert isinstance(incoming.request.body, io.BytesIO) == (size == 20)
        assert incoming.request.body.read() == bytes(size)
        assert incoming.request.body.read() == b""
        assert not incoming.begin_next()
    with pytest.raises(DiskBudgetSpent):
        incoming.feed(head % 101 + bytes(101))
    incoming.close()
    disk.take(100)


def test_of_a_body_above_the_limit_nothing_is_kept_and_twice_as_much_is_the_end() -> None:
    for announced in (
        b"Content-Length: 5000\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1388\r\n",
    ):
        disk = Disk(2000)
        incoming = arriving(disk=disk)
        incoming.feed(b"POST /key/t/submission HTTP/1.1\r\nHost: x\r\n" + announced)
        for _piece in range(20):
            incoming.feed(bytes(100))
        disk.take(1000)
        with pytest.raises(EndlessBody):
            incoming.feed(bytes(100))


def test_a_body_that_is_cut_off_is_handed_over_as_short_as_it_is() -> None:
    incoming = arriving()
    assert not incoming.cut_off()
    incoming.feed(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    assert incoming.cut_off()
    assert incoming.request.body.read() == b"half"
    assert incoming.request.should_close()


def test_gunicorns_reader_is_the_one_whose_framing_is_taken() -> None:
    incoming = arriving()
    incoming.feed(CHUNKED)
    assert isinstance(incoming.request.body.reader, ChunkedReader)

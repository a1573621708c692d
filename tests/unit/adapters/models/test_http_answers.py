"""Answers of HTTP/1.1, however their bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.adapters.models.http_answers import HEAD_BYTES, AnswerReader
from prefstream.adapters.models.wire import BadAnswer, Cut, Received

BODY = b'{"text": "391"}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nRetry-After: 7\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 529 Overloaded\r\ntransfer-encoding: chunked\r\nretry-after: 7\r\n\r\n"
    b'5;x=1\r\n{"tex\r\n0A\r\nt": "391"}\r\n0\r\ntrailer: x\r\n\r\n'
)
AFTER_HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + PLAIN


def read(answer: bytes, *cuts: int, most_bytes: int = 1000) -> AnswerReader:
    """Feed an answer in pieces; only the last may make it whole."""
    reader, places = AnswerReader(most_bytes=most_bytes), [0, *sorted(cuts), len(answer)]
    whole = [reader.feed(answer[start:end]) for start, end in pairwise(places)]
    assert whole[-1]
    return reader


@given(
    st.sampled_from([PLAIN, CHUNKED, AFTER_HINTS]).flatmap(
        lambda answer: st.tuples(
            st.just(answer), st.lists(st.integers(0, len(answer) - 1), max_size=12, unique=True)
        )
    )
)
def test_an_answer_is_the_same_however_it_is_cut(case: tuple[bytes, list[int]]) -> None:
    answer, cuts = case
    reader = read(answer, *cuts)

    assert reader.received.body == BODY
    assert reader.received.headers["retry-after"] == "7"
    assert reader.received.status == (529 if answer == CHUNKED else 200)
    assert reader.keep


def test_an_answer_without_a_length_lasts_until_the_connection_ends() -> None:
    reader = AnswerReader(most_bytes=100)
    assert not reader.feed(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)
    reader.end()

    assert reader.received == Received(status=200, headers={}, body=BODY)
    assert not reader.keep


@pytest.mark.parametrize("cut", [0, 5, 40, len(PLAIN) - 1])
def test_an_answer_that_ends_too_soon_is_cut(cut: int) -> None:
    reader = AnswerReader(most_bytes=100)
    reader.feed(PLAIN[:cut])

    with pytest.raises(Cut):
        reader.end()


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1E8480\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"64\r\n" + b"x" * 100 + b"\r\n1\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"0" * 200,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 40,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\na: " + b"x" * HEAD_BYTES,
    ],
    ids=["length", "chunk", "chunks", "size of a chunk", "trailers", "no length", "head"],
)
def test_what_is_too_long_is_refused_before_it_is_there(said: bytes) -> None:
    with pytest.raises(BadAnswer, match="longer than"):
        AnswerReader(most_bytes=100).feed(said)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd",
    ],
)
def test_what_is_no_answer_is_refused(said: bytes) -> None:
    with pytest.raises(BadAnswer):
        AnswerReader(most_bytes=100).feed(said)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise_anything_else(said: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"):
        try:
            AnswerReader(most_bytes=100).feed(start + said)
        except BadAnswer:
            continue


@pytest.mark.parametrize(
    ("answer", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
    ids=["1.1", "close", "1.0", "1.0 keep-alive", "more than was asked for", "no content"],
)
def test_a_connection_is_kept_where_its_server_keeps_it(answer: bytes, keep: bool) -> None:
    assert read(answer).keep is keep

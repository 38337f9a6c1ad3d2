import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.http.inflate import Inflater
from onecgw.errors import OnecBadResponse


def _inflate(chunks: list[bytes], *, encoding: str = "gzip", max_bytes: int = 1_000) -> bytes:
    inflater = Inflater(encoding, max_bytes=max_bytes)
    for chunk in chunks:
        inflater.feed(chunk)
    inflater.finish()
    return inflater.kept()


@given(st.binary(max_size=900), st.integers(min_value=1, max_value=50), st.booleans())
def test_body_is_the_same_however_it_is_cut(body: bytes, size: int, packed: bool) -> None:
    sent = gzip.compress(body) if packed else body
    chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert _inflate(chunks, encoding="gzip" if packed else "") == body


def test_gzip_members_follow_each_other() -> None:
    assert _inflate([gzip.compress(b"one, ") + gzip.compress(b"two")]) == b"one, two"


def test_gzip_bomb_ends_at_the_limit_and_not_in_memory() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    inflater = Inflater("gzip", max_bytes=1_000)
    with pytest.raises(OnecBadResponse, match="larger than 1000 bytes"):
        inflater.feed(bomb)


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_of_a_body_that_is_refused_the_beginning_is_kept(encoding: str) -> None:
    body = b"reason" + bytes(5_000)
    inflater = Inflater(encoding, max_bytes=1_000)
    with pytest.raises(OnecBadResponse):
        inflater.feed(gzip.compress(body) if encoding else body)
    assert inflater.kept() == body[:1_000]


def test_body_as_large_as_the_limit_passes() -> None:
    assert _inflate([gzip.compress(bytes(1_000))]) == bytes(1_000)
    assert _inflate([bytes(1_000)], encoding="identity") == bytes(1_000)


def test_body_beyond_the_limit_is_refused_while_it_arrives() -> None:
    inflater = Inflater("", max_bytes=10)
    inflater.feed(bytes(10))
    with pytest.raises(OnecBadResponse, match="larger than 10 bytes"):
        inflater.feed(b"x")


def test_gzip_that_does_not_end_is_refused() -> None:
    with pytest.raises(OnecBadResponse, match="its gzip does not end"):
        _inflate([gzip.compress(b"a" * 500)[:-9]])
    with pytest.raises(OnecBadResponse, match="its gzip does not end"):
        _inflate([b"\x1f\x8b"])


def test_empty_body_needs_no_gzip() -> None:
    assert _inflate([]) == b""


@pytest.mark.parametrize("body", [b"plain text", zlib.compress(b"not gzip"), b"\x1f\x8b\xff\xff"])
def test_body_that_is_not_the_gzip_it_declares_is_refused(body: bytes) -> None:
    with pytest.raises(OnecBadResponse, match="not the gzip that it declares"):
        _inflate([body])


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_encoding_that_was_not_offered_is_refused(encoding: str) -> None:
    with pytest.raises(OnecBadResponse, match="Content-Encoding"):
        Inflater(encoding, max_bytes=10)

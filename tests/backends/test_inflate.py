import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.http.inflate import Inflater
from onecgw.errors import OnecBadResponse


def _feed(inflater: Inflater, chunk: bytes) -> None:
    has_more = inflater.feed(chunk)
    while has_more:
        has_more = inflater.resume()


def _inflate(chunks: list[bytes], *, encoding: str = "gzip", max_bytes: int = 1_000) -> bytes:
    inflater = Inflater(encoding, max_bytes=max_bytes)
    for chunk in chunks:
        _feed(inflater, chunk)
    inflater.finish()
    return inflater.kept()


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


# Content-Encoding and how the body of a JSON text is packed under it.
FORMS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("", bytes),
    ("identity", bytes),
    ("utf-8", bytes),
    ("gzip", bytes),  # a proxy unpacked it and left the header
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP, identity", gzip.compress),
    ("identity,gzip", gzip.compress),
    ("", gzip.compress),  # a service packed it and said nothing
    ("gzip", lambda body: gzip.compress(body) + bytes(512)),  # as tapes and some servers pad
    ("gzip", lambda body: gzip.compress(body) + bytes(3) + gzip.compress(b"")),
    ("deflate", zlib.compress),
    ("deflate", _raw_deflate),
]


@given(st.binary(max_size=900), st.integers(min_value=1, max_value=50), st.sampled_from(FORMS))
def test_body_is_the_same_however_it_is_packed_and_cut(
    rest: bytes, size: int, form: tuple[str, Callable[[bytes], bytes]]
) -> None:
    encoding, pack = form
    body = b'{"' + rest
    sent = pack(body)
    chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert _inflate(chunks, encoding=encoding) == body


def test_gzip_members_follow_each_other() -> None:
    assert _inflate([gzip.compress(b"one, ") + gzip.compress(b"two")]) == b"one, two"


def test_gzip_bomb_ends_at_the_limit_and_not_in_memory() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    inflater = Inflater("gzip", max_bytes=1_000)
    with pytest.raises(OnecBadResponse, match="larger than 1000 bytes"):
        _feed(inflater, bomb)


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_of_a_body_that_is_refused_the_beginning_is_kept(encoding: str) -> None:
    body = b"reason" + bytes(5_000)
    inflater = Inflater(encoding, max_bytes=1_000)
    with pytest.raises(OnecBadResponse):
        _feed(inflater, gzip.compress(body) if encoding else body)
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


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, deflate"])
def test_encoding_that_was_not_offered_is_refused(encoding: str) -> None:
    with pytest.raises(OnecBadResponse, match="Content-Encoding"):
        Inflater(encoding, max_bytes=10)

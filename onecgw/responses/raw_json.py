"""JSON objects whose members are carried as raw JSON: read once, spliced, never re-written."""

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

Shape = TypeVar("Shape")
Members = dict[str, msgspec.Raw]

encode = msgspec.json.encode


def read_members(body: bytes) -> Members:
    """The members of a compact JSON object of 1C.

    Raises:
        OnecBadResponse: it is none, or says a member twice.
    """
    members = decode(msgspec.Raw(body), Members, "a JSON object")
    # The body is compact, so its length shows whether a duplicate member was lost.
    whole_bytes = 1 + sum(
        len(encode(name)) + len(memoryview(raw)) + 2 for name, raw in members.items()
    )
    if len(body) != whole_bytes and members:
        pairs = json.loads(body, object_pairs_hook=list, parse_int=str, parse_float=str)
        if len(pairs) != len(members):
            raise OnecBadResponse(say("bad_response.member_twice"))
    return members


def decode(raw: msgspec.Raw | None, shape: type[Shape], expected: str) -> Shape:
    """A value of that shape.

    Raises:
        OnecBadResponse: it is missing, or of another shape; `expected` says which.
    """
    if raw is None:
        raise OnecBadResponse(say("bad_response.lacks", expected=expected))
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.DecodeError:
        raise OnecBadResponse(say("bad_response.shape", expected=expected)) from None


def array(items: Iterable[msgspec.Raw]) -> bytes:
    """A JSON array of items as they are."""
    return b"[" + b",".join(bytes(item) for item in items) + b"]"


def splice(added: Mapping[str, object], members: Members) -> bytes:
    """Our own members first, where a reader sees them before the rows; then 1C's in their order."""
    values: dict[str, bytes | memoryview] = {name: encode(value) for name, value in added.items()}
    for name, raw in members.items():
        values.setdefault(name, memoryview(raw))
    pieces: list[bytes | memoryview] = []
    for name, value in values.items():
        pieces.extend((b"," if pieces else b"{", encode(name), b":", value))
    return b"".join((*(pieces or [b"{"]), b"}"))  # one copy of what may be megabytes

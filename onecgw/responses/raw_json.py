"""JSON objects whose members are carried as raw JSON: read once, spliced, never re-written.

Every answer passes here. A decoder must not be made per call: working out the type takes longer
than reading a small answer.
"""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

Shape = TypeVar("Shape")
Members = dict[str, msgspec.Raw]

encode = msgspec.json.Encoder().encode
_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = functools.cache(msgspec.json.Decoder)


def read_members(body: bytes) -> Members:
    """The members of a compact JSON object of 1C.

    Raises:
        OnecBadResponse: it is none, or says a member twice.
    """
    members = decode(msgspec.Raw(body), Members, "json_object")
    # The body is compact, so its length shows whether a duplicate member was lost.
    whole_bytes = 1 + sum(
        len(encode(name)) + len(memoryview(raw)) + 2 for name, raw in members.items()
    )
    if len(body) != whole_bytes and members:
        pairs = json.loads(body, object_pairs_hook=list, parse_int=str, parse_float=str)
        if len(pairs) != len(members):
            raise OnecBadResponse(say("bad_response.member_twice"))
    return members


def decode(
    raw: msgspec.Raw | None, shape: type[Shape], expected: str, *, member: str = ""
) -> Shape:
    """A value of that shape.

    Args:
        raw: of the answer; None: it is missing.
        shape: what it is read as.
        expected: the key among `shapes` of the texts that says which shape that is.
        member: of the answer, where the text does not name it.

    Raises:
        OnecBadResponse: it is missing, or of another shape.
    """
    if raw is None:
        lacking = say(f"shapes.{expected}", member=member)
        raise OnecBadResponse(say("bad_response.lacks", expected=lacking))
    try:
        value: Shape = _decoder(shape).decode(raw)
    except msgspec.DecodeError:
        wanted = say(f"shapes.{expected}", member=member)
        raise OnecBadResponse(say("bad_response.shape", expected=wanted)) from None
    return value


def object_in(raw: msgspec.Raw | None, member: str) -> Members:
    """The members of an object within an answer.

    Raises:
        OnecBadResponse: it is missing or no object, or says a member twice.
    """
    decode(raw, Members, "object", member=member)
    return read_members(bytes(raw or b""))


def is_null(raw: msgspec.Raw | None) -> bool:
    """Whether a member is absent or null."""
    return raw is None or bytes(raw) == b"null"


def is_empty(raw: msgspec.Raw | None) -> bool:
    """Whether a member says nothing, as 1C may write a value that is not filled."""
    return raw is None or bytes(raw) in {b"null", b'""', b"[]", b"{}"}


def plain_value(raw: msgspec.Raw) -> object:
    """A member, decoded; None if it has a number that no float holds."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None


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

"""Bytes of a caller → a JSON object, strictly: what is ambiguous is refused, never guessed."""

import json
from collections.abc import Callable
from typing import Final

import msgspec

from onecgw.errors import InvalidRequest
from onecgw.locales.text import say
from onecgw.text import json_fault, without_bom


def read_json_object(body: bytes) -> dict[str, object]:
    """The JSON object in a body, which may begin with a BOM as 1C's own HTTP client writes it.

    Raises:
        InvalidRequest: as read_json, or it is no object.
    """
    value = read_json(body if body[:1] == b"{" else without_bom(body), what="errors.the_body")
    if not isinstance(value, dict):
        raise InvalidRequest(say("errors.body_object"))
    return value


def read_json(text: bytes, *, what: str) -> object:
    """The JSON value in a text.

    Args:
        text: in UTF-8.
        what: the key of how an error calls it, as `errors.the_body`.

    Raises:
        InvalidRequest: not JSON in UTF-8 (NaN, lone surrogates and absurd nesting included), or
            an object in it says one key twice.
    """
    try:
        # msgspec checks the text strictly; the standard library then sees every pair of a member.
        _check(text)
        return _decode(text.decode())
    except _Repeated:
        raise InvalidRequest(say("errors.key_twice", what=say(what))) from None
    except RecursionError:
        raise InvalidRequest(say("errors.too_deep", what=say(what))) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidRequest(
            say("errors.not_json", what=say(what), fault=json_fault(text, error))
        ) from error


class _Repeated(Exception):
    """An object says one key twice."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Repeated
    return members


# json.loads makes a decoder in each call that has a hook.
_decode: Final[Callable[[str], object]] = json.JSONDecoder(
    object_pairs_hook=_without_repeats
).decode
_check: Final = msgspec.json.Decoder().decode

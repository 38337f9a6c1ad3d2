"""Bytes of a caller → a JSON object, strictly: what is ambiguous is refused, never guessed."""

import json

import msgspec

from onecgw.errors import InvalidRequest


def read_json_object(body: bytes) -> dict[str, object]:
    """The JSON object in a body.

    Raises:
        InvalidRequest: not JSON in UTF-8 (NaN, lone surrogates and absurd nesting included), not
            an object, or an object that says one key twice.
    """
    try:
        # msgspec is the strict judge of the text; the standard library then sees every pair.
        msgspec.json.decode(body)
        value = json.loads(body, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequest("the body must be a JSON object with the tool's arguments")
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidRequest("the body says one key twice in the same object")
    return members

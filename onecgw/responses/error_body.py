"""An error that 1C reports as JSON, in whatever shape: the service's own, OData's, the platform's.

The contract's shape is `{"error": code, "message": text}`. Extensions in use also write
`{"success": false, "message"}`, `{"Ошибка": text}`, `{"status": "error", "errorMessage"}` and the
like, and some of them with status 200.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from onecgw.text import well_formed

NO_REASON: Final = "onec.no_reason"  # the key of a text
LEVELS: Final = 20  # of objects in each other; deeper is no description of an error
EXCEPTION: Final = frozenset({"#exception", "exception"})  # the platform's own

# They report an error, and are its description.
_ERROR_TEXTS: Final = frozenset(
    {
        "errormessage",
        "error_message",
        "errordescription",
        "error_description",
        "errortext",
        "error_text",
        "описаниеошибки",
        "текстошибки",
        "описпомилки",
        "текстпомилки",
    }
)
_ERRORS: Final = (
    EXCEPTION
    | _ERROR_TEXTS
    | {
        "error",
        "errors",
        "odata.error",
        "fault",
        "errorcode",
        "error_code",
        "iserror",
        "haserror",
        "ошибка",
        "ошибки",
        "кодошибки",
        "естьошибка",
        "помилка",
        "помилки",
    }
)
_MESSAGES: Final = _ERROR_TEXTS | {
    "message",
    "description",
    "descr",
    "detail",
    "text",
    "reason",
    "value",
    "сообщение",
    "описание",
    "причина",
    "текст",
    "повідомлення",
    "опис",
}
_FLAGS: Final = frozenset({"success", "succeeded", "ok", "успех", "успешно", "успіх", "успішно"})
_HTTP_STATES: Final = frozenset({"status", "statuscode", "state", "статус"})
_STATES: Final = _FLAGS | _HTTP_STATES | {"result", "результат"}
_BAD_STATES: Final = frozenset(
    {"error", "fail", "failed", "failure", "false", "not_found", "denied"}
    | {"ошибка", "помилка", "нет", "ні", "ложь", "хибність"}
)
# What a member that is called like an error holds where there is none.
_NO_ERROR: Final = frozenset({"", "0", "ok", "no", "none", "false", "нет", "немає", "ні", "ложь"})
# Members by which an object may report an error, in lower case.
ERROR_MEMBER_NAMES: Final = _ERRORS | _MESSAGES | _STATES
_FIRST_BAD_STATUS: Final = 400
_read_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def read_json_value(text: str) -> object:
    """The value of a JSON text; None if it is none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def is_silent(body: bytes) -> bool:
    """Whether the object in a body has no member by which it could report an error.

    This is the fast path for good answers: no value is parsed.
    """
    try:
        names = _read_members(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if len(names) == 1 and bytes(*names.values())[:1] == b"{":
        return False  # a wrapper, perhaps of an error
    return bool(names) and ERROR_MEMBER_NAMES.isdisjoint(map(str.casefold, names))


def reports_error(members: Mapping[str, object]) -> bool:
    """Whether an object says of itself that the call failed.

    An empty `error` (null, "", "OK", [], {}, 0, false, or an object of such) says that it did not.
    """
    found = {name.casefold(): value for name, value in members.items()}
    if any(_is_error(found.get(name)) for name in _ERRORS):
        return True
    states = {name: found[name] for name in _STATES if name in found}
    is_refused = any(found.get(name) is False for name in _FLAGS)
    if is_refused or any(_is_bad(*one) for one in states.items()):
        return True
    match list(found.values()):
        case [dict() as wrapped] if wrapped:
            return reports_error(wrapped)
    # Nothing but a message: no list, be it an empty one, and no state that is good.
    is_flat = not any(
        isinstance(value, list) or (isinstance(value, dict) and value)
        for name, value in found.items()
        if name not in _ERRORS
    )
    return is_flat and not any(states.values()) and any(_is_message(*one) for one in found.items())


def message_in(value: object) -> str:
    """The outermost message of an error body, else its deepest description, else "".

    The message of the outermost object is for the caller, so it comes before what is inside.
    """
    if isinstance(value, dict):
        outer = [text for name, text in value.items() if _is_message(name, text)]
        if outer:
            return str(outer[0]).strip()
    _, text = max(descriptions(value), key=lambda item: item[0], default=(0, ""))
    return text.strip()


def descriptions(value: object, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The texts that describe an error, each with the depth of the object that holds it."""
    if depth > LEVELS:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if inner.strip() and name.casefold() in _MESSAGES | _ERRORS:
                    yield depth, well_formed(inner)
            elif isinstance(inner, list) and name.casefold() in _ERRORS:
                yield from _texts_of(inner, depth + 1)
            else:
                yield from descriptions(inner, depth + 1)
    elif isinstance(value, list):
        yield from _texts_of(value, depth)


def _texts_of(items: list[object], depth: int) -> Iterator[tuple[int, str]]:
    texts = [text for text in items if isinstance(text, str) and text.strip()]
    if texts:
        yield depth, well_formed("; ".join(texts))
    for item in items:
        yield from descriptions(item, depth + 1)


def _is_message(name: str, value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and name.casefold() in _MESSAGES


def _is_error(value: object) -> bool:
    """Whether a member that is called like an error describes one."""
    if isinstance(value, dict):
        return any(map(_is_error, value.values()))
    if isinstance(value, str):
        return value.strip().casefold() not in _NO_ERROR
    return bool(value)


def _is_bad(name: str, state: object) -> bool:
    if isinstance(state, str):
        return state.strip().casefold() in _BAD_STATES
    # No boolean is as large.
    return name in _HTTP_STATES and isinstance(state, int) and state >= _FIRST_BAD_STATUS

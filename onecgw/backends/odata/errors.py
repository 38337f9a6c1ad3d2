"""OData's error answers, and what each of them means to the caller.

status  code  meaning                                   error
401     20    the user may not read it, or only a part  OnecForbidden
404     8     the object is not published               OnecNotPublished
400     6     a field is missing                        OnecNotPublished
any     11    the register has no such virtual table    OnecNotPublished
404.15  -     the web server limits the address         OnecFailed
any     else  the request, or 1C's own code, failed     OnecFailed
"""

import json
import re
from typing import Final
from xml.etree import ElementTree as ET

import attrs

from onecgw.backends.odata.object_names import WHERE_TO_PUBLISH, described, is_object_name
from onecgw.errors import OnecError, OnecFailed, OnecForbidden, OnecNotPublished

UNKNOWN_FIELD: Final = "6"
NOT_PUBLISHED: Final = "8"
NO_SUCH_FUNCTION: Final = "11"
NO_RIGHT: Final = "20"
# After these the composition of the interface, or the configuration, is no longer what was read.
COMPOSITION_CHANGED: Final = frozenset({UNKNOWN_FIELD, NOT_PUBLISHED, NO_SUCH_FUNCTION})

_MAX_MESSAGE: Final = 300
_TOO_LONG: Final = re.compile(
    rb"404\.15|query\s?string\s+is\s+too\s+long|URI\s+Too\s+Long", re.IGNORECASE
)
_NOT_FOUND: Final = 404
_URI_TOO_LONG: Final = 414
_XML_ERROR: Final = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"


@attrs.frozen(kw_only=True)
class ODataErrorBody:
    """What 1C's OData answered instead of data: its own code, as text, and its message."""

    code: str
    message: str


def read_error(body: bytes) -> ODataErrorBody | None:
    """Read the error of OData in an answer; None where the body is not one.

    1C writes some errors as XML even when JSON was asked for.
    """
    stripped = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stripped.startswith(b"{"):
        return _read_json(stripped)
    return _read_xml(stripped) if stripped.startswith(b"<") else None


def failure(status: int, body: bytes, entity_set: str) -> OnecError | None:
    """The error that an answer means; None where it does not come from OData.

    Args:
        status: of HTTP.
        body: of the answer.
        entity_set: what was read, to be named in the message.
    """
    error = read_error(body)
    if error is None:
        if status == _URI_TOO_LONG or (status == _NOT_FOUND and _TOO_LONG.search(body)):
            return OnecFailed(
                "the web server of 1C refuses an address of this length; "
                "lower onec.odata.max_url_bytes"
            )
        return None
    return _meaning(error, entity_set)


def _meaning(error: ODataErrorBody, entity_set: str) -> OnecError:
    if error.code == NOT_PUBLISHED and is_object_name(entity_set):
        return OnecNotPublished(not_published(entity_set))
    name = described(entity_set) if is_object_name(entity_set) else entity_set
    if error.code == NO_RIGHT:
        return OnecForbidden(
            f"1C's user may not read {name}, or only a part of it (record-level access): give "
            "the user a role that reads all of it, or accept partial figures with "
            "onec.odata.partial_data: allow"
        )
    if error.code == UNKNOWN_FIELD:
        return OnecNotPublished(
            f"1C does not know a field of {name}: {error.message}; the configuration differs "
            f"from the profile, or a related object is not published ({WHERE_TO_PUBLISH})"
        )
    if error.code == NO_SUCH_FUNCTION:
        return OnecNotPublished(f"{name} has no such virtual table in this base: {error.message}")
    return OnecFailed(f"1C could not read {name} (OData error {error.code}): {error.message}")


def not_published(*entity_sets: str) -> str:
    """The sentence that names what to publish, and where."""
    names = ", ".join(dict.fromkeys(described(one) for one in entity_sets))
    return f"not published through OData: {names}; publish it in 1C: {WHERE_TO_PUBLISH}"


def _read_json(body: bytes) -> ODataErrorBody | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = found.get("odata.error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return None
    message = error.get("message")
    value = message.get("value") if isinstance(message, dict) else message
    return ODataErrorBody(code=str(error.get("code", "")), message=_one_line(str(value or "")))


def _read_xml(body: bytes) -> ODataErrorBody | None:
    # A document type could define entities that grow without bound; 1C sends none.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a document type, see above
    except ET.ParseError:
        return None
    if root.tag != f"{_XML_ERROR}error":
        return None
    code = root.findtext(f"{_XML_ERROR}code", default="")
    message = root.findtext(f"{_XML_ERROR}message", default="")
    return ODataErrorBody(code=code.strip(), message=_one_line(message))


def _one_line(message: str) -> str:
    return " ".join(message.split())[:_MAX_MESSAGE]

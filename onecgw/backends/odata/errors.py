"""What an answer other than 200 of a base's OData interface means to the caller.

status  code  meaning                                   error
401     20    the user may not read it, or only a part  OnecForbidden
404     8     the object is not published               OnecNotPublished
400     6     a field is missing                        OnecNotPublished
any     11    the register has no such virtual table    OnecNotPublished
404.15  -     the web server limits the address         OnecFailed
any     else  the request, or 1C's own code, failed     OnecFailed

A blocked infobase, a missing licence and a lock are recognised as for every backend: by the text.
"""

import json
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import attrs

from onecgw.backends.errors import failures
from onecgw.backends.errors.error_text import log_line, safe_line
from onecgw.backends.errors.failures import Failure, Reply
from onecgw.backends.odata.object_names import WHERE_TO_PUBLISH, described, is_object_name
from onecgw.errors import (
    OnecBadResponse,
    OnecError,
    OnecFailed,
    OnecForbidden,
    OnecNotPublished,
    OnecRejected,
)
from onecgw.locales.text import say

ROOT: Final = "/odata/standard.odata/"

UNKNOWN_FIELD: Final = "6"
NOT_PUBLISHED: Final = "8"
NO_SUCH_FUNCTION: Final = "11"
NO_RIGHT: Final = "20"
_MAX_MESSAGE: Final = 300
_TOO_LONG: Final = re.compile(
    rb"404\.15|query\s?string\s+is\s+too\s+long|URI\s+Too\s+Long", re.IGNORECASE
)
_OF_ONE_REQUEST: Final = (OnecBadResponse, OnecFailed, OnecNotPublished, OnecRejected)
_XML_ERROR: Final = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"


@attrs.frozen(kw_only=True)
class ODataErrorBody:
    """What 1C's OData answered instead of data: its own code, as text, and its message."""

    code: str
    message: str


def read_error(body: bytes) -> ODataErrorBody | None:
    """Read the error of OData in an answer; None where the body is not one.

    1C writes some errors as XML even when JSON was requested.
    """
    stripped = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stripped.startswith(b"{"):
        return _read_json(stripped)
    return _read_xml(stripped) if stripped.startswith(b"<") else None


def failure_of(reply: Reply, path: str) -> Failure:
    """The meaning of an answer to a GET whose status is not 200."""
    usual = failures.failure_of(reply, path)
    found = read_error(reply.body)
    if found is not None:
        # What the text or the status says of the whole base is more than OData's code.
        is_general = usual.remedy is not None or not isinstance(usual.error, _OF_ONE_REQUEST)
        if is_general and found.code != NO_RIGHT:
            return usual
        return attrs.evolve(
            usual, error=_meaning(found, read_from(path)), reason=log_line(found.message)
        )
    if reply.status == HTTPStatus.REQUEST_URI_TOO_LONG or (
        reply.status == HTTPStatus.NOT_FOUND and _TOO_LONG.search(reply.body)
    ):
        return attrs.evolve(usual, error=OnecFailed(say("odata.address_too_long")))
    if isinstance(usual.error, OnecNotPublished):
        return attrs.evolve(
            usual, error=OnecNotPublished(say("odata.no_interface", status=reply.status))
        )
    return usual


def read_from(path: str) -> str:
    """The entity set in the path of a request; "" for the list of sets."""
    return unquote(path.partition(ROOT)[2].partition("?")[0].partition("/")[0])


def _meaning(error: ODataErrorBody, entity_set: str) -> OnecError:
    if error.code == NOT_PUBLISHED and is_object_name(entity_set):
        return OnecNotPublished(
            say("odata.not_published", names=described(entity_set), where=WHERE_TO_PUBLISH)
        )
    name = described(entity_set) if is_object_name(entity_set) else say("odata.list_of_objects")
    message = safe_line(error.message)
    if error.code == NO_RIGHT:
        return OnecForbidden(say("odata.no_right", name=name))
    if error.code == UNKNOWN_FIELD:
        return OnecNotPublished(
            say("odata.unknown_field", name=name, said=message, where=WHERE_TO_PUBLISH)
        )
    if error.code == NO_SUCH_FUNCTION:
        return OnecNotPublished(say("odata.no_table", name=name, said=message))
    return OnecFailed(say("odata.failed", name=name, code=error.code, said=message))


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

"""Removes restricted measures from 1C's answers, in case 1C sends them."""

import logging

import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.raw_json import Members, array, decode, splice
from onecgw.responses.response_check import Column

log = logging.getLogger(__name__)


def redact(members: Members, body: bytes, restricted: frozenset[str]) -> Members:
    """The members of an answer without restricted measures, at any depth: totals, cards, cells.

    Args:
        members: of the answer.
        body: the whole answer, in which the names are searched first.
        restricted: the names of the measures.

    Raises:
        OnecBadResponse: a report has a column that the caller may not see.
    """
    # Names of 1C are case-insensitive. Most answers hold none of these, and are not walked through.
    # Quotes stand everywhere in JSON, so the words are searched without them.
    lowered = body.lower()
    if any(name.encode() in lowered for name in restricted):
        return _strip_members(members, restricted)
    return members


def _strip_members(members: Members, restricted: frozenset[str]) -> Members:
    if "columns" in members:
        columns = decode(members["columns"], list[Column], "columns: a list of {name, type}")
        if leaked := sorted(
            {column.name for column in columns if column.name.lower() in restricted}
        ):
            log.error("response.restricted_columns", extra={"fields": {"columns": leaked}})
            raise OnecBadResponse(say("bad_response.restricted"))
    if leaked := sorted(name for name in members if name.lower() in restricted):
        log.warning("response.restricted_measures", extra={"fields": {"dropped": leaked}})
    return {
        name: _strip(raw, restricted)
        for name, raw in members.items()
        if name.lower() not in restricted
    }


def _strip(raw: msgspec.Raw, restricted: frozenset[str]) -> msgspec.Raw:
    match bytes(raw)[:1]:
        case b"{":
            members = msgspec.json.decode(raw, type=Members)
            return msgspec.Raw(splice({}, _strip_members(members, restricted)))
        case b"[":
            items = msgspec.json.decode(raw, type=list[msgspec.Raw])
            return msgspec.Raw(array(_strip(item, restricted) for item in items))
        case _:
            return raw

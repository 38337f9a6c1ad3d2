"""What a caller may not see is taken out of 1C's answers, should 1C send it all the same."""

import logging
import re

import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.responses.raw_json import Members, array, decode, read_members, splice

log = logging.getLogger(__name__)


class Column(msgspec.Struct):
    """A column of a report."""

    name: str
    type: str


def without_closed(body: bytes, closed: frozenset[str]) -> Members:
    """The members without closed measures, however deep they lie: in totals, cards, cells.

    Raises:
        OnecBadResponse: a report has a column that the caller may not see.
    """
    members = read_members(body)
    # 1C's names have no case. A name that could not be one ends the search before it begins.
    if not closed or not re.search(rb'"(?:%b)"' % "|".join(closed).encode(), body, re.IGNORECASE):
        return members
    return _strip_members(members, closed)


def _strip_members(members: Members, closed: frozenset[str]) -> Members:
    if "columns" in members:
        columns = decode(members["columns"], list[Column], "columns: a list of {name, type}")
        if leaked := sorted({column.name for column in columns if column.name.lower() in closed}):
            log.error("answer.closed_columns", extra={"fields": {"columns": leaked}})
            raise OnecBadResponse("1C sent columns that this caller may not see")
    if leaked := sorted(name for name in members if name.lower() in closed):
        log.warning("answer.closed_measures", extra={"fields": {"dropped": leaked}})
    return {
        name: _strip(raw, closed) for name, raw in members.items() if name.lower() not in closed
    }


def _strip(raw: msgspec.Raw, closed: frozenset[str]) -> msgspec.Raw:
    match bytes(raw)[:1]:
        case b"{":
            members = msgspec.json.decode(raw, type=Members)
            return msgspec.Raw(splice({}, _strip_members(members, closed)))
        case b"[":
            items = msgspec.json.decode(raw, type=list[msgspec.Raw])
            return msgspec.Raw(array(_strip(item, closed) for item in items))
        case _:
            return raw

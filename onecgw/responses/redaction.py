"""What leaves an answer of 1C for a caller who must not see everything: what is declared."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.locales.text import say
from onecgw.responses.error_body import ERROR_MEMBER_NAMES
from onecgw.responses.notices import notice_member, says_whether_whole
from onecgw.responses.raw_json import Members, array, decode, encode, splice
from onecgw.responses.response_check import check_no_error
from onecgw.responses.table_rows import ResponseColumn, read_rows
from onecgw.responses.units import NO_UNITS

log = logging.getLogger(__name__)

LEFT_OUT: Final = "notices.left_out"  # the key of a text
SHOWN_NAMES: Final = 10  # of members that were left out, in the log
SHOWN_CHARACTERS: Final = 60  # of each name

Declared = Mapping[str, "Declared"]
"""The names that an object may hold, in lower case, each with what an object in it may hold.

A list is looked at item by item. Numbers, texts, true, false and null stay where their name is
declared: whether they are what was agreed is checked elsewhere.
"""

_TEXTS: Final[Declared] = {}
_NAMED: Final[Declared] = {"id": {}, "label": {}}
# What the contract lets 1C say of an object of its catalogues, wherever it names one.
REFERENCE: Final[Declared] = {
    **_NAMED,
    **dict.fromkeys(
        ("kind", "code", "is_group", "archived", "created", "phone", "city", "parent"), _TEXTS
    ),
    **dict.fromkeys(("unit", "currency", "group"), _NAMED),
    "status": _TEXTS,
}
OF_EVERY_ANSWER: Final[Declared] = {
    **dict.fromkeys(("date", "notes", "notice", "by", "role", *ERROR_MEMBER_NAMES), _TEXTS),
    "period": {"from": {}, "to": {}},
    "currency": _NAMED,
    "base_currency": _NAMED,
    "as_of": _TEXTS,
    "closed_until": _TEXTS,
}
COLUMN: Final[Declared] = dict.fromkeys(("name", "type", "title"), _TEXTS)
OWN_DIMENSIONS: Final = frozenset({"currency", "unit", "code", "kind"})
"""Columns that 1C may add to a report, unless they hold numbers."""


@attrs.frozen(kw_only=True)
class Redaction:
    """What a caller may see of the answers of one tool.

    restricted: measures that must not be among the columns.
    members: what the answer may hold.
    columns: what a table may have besides OWN_DIMENSIONS, in lower case.
    """

    restricted: frozenset[str]
    members: Declared
    columns: frozenset[str] = frozenset()


class AnyNameBut(dict[str, Declared]):
    """The declaration of an object with names that are not known before, such as currencies.

    Args:
        restricted: the names that it may not hold, in lower case.
    """

    def __init__(self, restricted: frozenset[str]) -> None:
        super().__init__()
        self._restricted = restricted

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in dict
        """What an object under this name may hold: nothing but a number or a text stays."""
        return default if name in self._restricted else _TEXTS


def declared_table(*, columns: Iterable[str], filters: Iterable[str]) -> Declared:
    """The members of a report with columns and rows."""
    return {
        **OF_EVERY_ANSWER,
        "columns": COLUMN,
        "rows": REFERENCE,
        "totals": dict.fromkeys(columns, REFERENCE),
        "applied_filters": dict.fromkeys(filters, REFERENCE),
    }


def redact(
    members: Members,
    redaction: Redaction | None,
    *,
    language: Language = DEFAULT_LANGUAGE,
    has_plain_rows: bool = False,
) -> Members:
    """The members of an answer that the caller may see, at any depth: totals, cards, cells.

    Args:
        members: of the answer.
        redaction: what the caller may see; None: everything.
        language: of the notice.
        has_plain_rows: `read_rows` has seen that no cell holds an undeclared member; False: it is
            looked at here.

    Returns:
        The members; `notice` says so if more than restricted measures was left out.

    Raises:
        OnecRejected: the answer reports an error.
        OnecBadResponse: a report has a column that the caller may not see, or is no table.
    """
    if redaction is None:
        return members
    check_no_error(members)  # before what it says of the error may be left out
    dropped: list[str] = []
    whole = {
        name: raw
        for name, raw in members.items()
        if says_whether_whole(name) and bytes(raw)[:1] not in b"[{"
    }
    rest = {name: raw for name, raw in members.items() if name not in whole}
    if "columns" in rest and "rows" in rest:
        rest |= _redact_table(rest, redaction, dropped, has_plain_rows=has_plain_rows)
    kept = _keep_members(rest, redaction.members, dropped, skip="rows")
    in_order = {name: kept.get(name, whole.get(name)) for name in members}
    found = {name: raw for name, raw in in_order.items() if raw is not None}
    if not dropped:
        return found
    names = [name[:SHOWN_CHARACTERS] for name in sorted(set(dropped))[:SHOWN_NAMES]]
    # Of a measure that the caller may not see, nothing is said to it.
    is_said = any(name.casefold() not in redaction.restricted for name in dropped)
    log.warning("response.undeclared_members", extra={"fields": {"dropped": names}})
    notice = notice_member((say(LEFT_OUT),), found, language) if is_said else {}
    return found | {name: msgspec.Raw(encode(text)) for name, text in notice.items()}


def _redact_table(
    members: Members, redaction: Redaction, dropped: list[str], *, has_plain_rows: bool
) -> Members:
    """The members `columns` and `rows` without undeclared columns and members of references."""
    expected = "columns"
    columns = decode(members["columns"], list[ResponseColumn], expected)
    restricted = {one.name for one in columns if one.name.casefold() in redaction.restricted}
    if restricted:
        log.error("response.restricted_columns", extra={"fields": {"columns": sorted(restricted)}})
        raise OnecBadResponse(say("bad_response.restricted"))
    stay = [index for index, column in enumerate(columns) if _is_declared(column, redaction)]
    dropped += [one.name for index, one in enumerate(columns) if index not in stay]
    is_clean = has_plain_rows or read_rows(members, NO_UNITS, is_redacted=True) is not None
    if is_clean and len(stay) == len(columns):
        return {}
    rows = decode(members["rows"], list[list[msgspec.Raw]], "rows")
    if any(len(row) != len(columns) for row in rows):
        raise OnecBadResponse(say("bad_response.uneven_row"))
    raw_columns = decode(members["columns"], list[msgspec.Raw], expected)
    return {
        "columns": msgspec.Raw(array(raw_columns[index] for index in stay)),
        "rows": msgspec.Raw(
            array(
                msgspec.Raw(array(_keep(row[index], REFERENCE, dropped) for index in stay))
                for row in rows
            )
        ),
    }


def _is_declared(column: ResponseColumn, redaction: Redaction) -> bool:
    name = column.name.casefold()
    is_own = name in OWN_DIMENSIONS and column.type.casefold() != "number"
    return is_own or name in redaction.columns


_MEMBERS: Final = msgspec.json.Decoder(Members)
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def _keep_members(
    members: Members, declared: Declared, dropped: list[str], *, skip: str = ""
) -> Members:
    """The declared members. skip: the name of one that is kept as it is, without a look."""
    kept = {}
    for name, raw in members.items():
        if (inner := declared.get(name.casefold())) is None:
            dropped.append(name)
        else:
            kept[name] = raw if name == skip else _keep(raw, inner, dropped)
    return kept


def _keep(raw: msgspec.Raw, declared: Declared, dropped: list[str]) -> msgspec.Raw:
    """A value without undeclared members."""
    # Objects are always written anew: of a member that stands twice, only the last was looked at.
    match bytes(raw)[:1]:
        case b"{":
            members = _keep_members(_MEMBERS.decode(raw), declared, dropped)
            return msgspec.Raw(splice({}, members))
        case b"[":
            return msgspec.Raw(array(_keep(item, declared, dropped) for item in _ITEMS.decode(raw)))
        case _:
            return raw

"""The JSON Schemas of answers: what is always there, while 1C may add more."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

JsonObject = dict[str, Any]

# What the gateway says of a list that it may cut; `notice` only where there is something to say.
# Descriptions are few: every client reads them for every tool.
CUT_MEMBERS: Final[Mapping[str, JsonObject]] = {
    "truncated": {"type": "boolean"},
    "notice": {"type": "string"},
}
# No type: 1C may send null there, and a cell may be a number, a text or a reference. minProperties
# says nothing of them, but strict clients object to a schema without any keyword.
_UNTYPED: Final[JsonObject] = {"minProperties": 0}
MAY_BE_NULL: Final[JsonObject] = {"description": "May be null.", **_UNTYPED}
CELL: Final[JsonObject] = {"description": "A number, a text, {id, label} or null.", **_UNTYPED}
_COLUMN: Final[JsonObject] = {"type": "object", "description": "{name, type}"}


def object_schema(properties: Mapping[str, JsonObject], required: Iterable[str] = ()) -> JsonObject:
    """The schema of an object that may hold more than it declares.

    `additionalProperties` is written out because some converters drop undeclared members.
    """
    schema: JsonObject = {"type": "object", "properties": dict(properties)}
    if names := list(required):
        schema["required"] = names
    return schema | {"additionalProperties": True}


def table_schema(*dated: str) -> JsonObject:
    """The schema of a report with columns and rows. dated: its members `period` and `date`."""
    members: dict[str, JsonObject] = {
        "rows_returned": {"type": "integer"},
        **CUT_MEMBERS,
        "columns": {"type": "array", "items": _COLUMN},
        "rows": {"type": "array", "items": {"type": "array", "items": CELL}},
        "totals": {"description": "Of the whole selection. May be null.", **_UNTYPED},
        "currency": {"description": "Of the money; absent: unknown.", **_UNTYPED},
        **dict.fromkeys(dated, MAY_BE_NULL),
        "as_of": {"description": "Last document.", **_UNTYPED},
        "applied_filters": MAY_BE_NULL,
    }
    return object_schema(members, ("rows_returned", "truncated", "columns", "rows"))

"""References of a report as labels alone: ids are two thirds of the tokens of a list."""

from typing import Any

import msgspec

from onecgw.responses.raw_json import array, decode, encode, read_members, splice


class _Labelled(msgspec.Struct):
    label: str


def without_ids(body: bytes) -> bytes:
    """A report whose cells hold labels in the place of references; its columns are texts."""
    members = read_members(body)
    columns = decode(members.get("columns"), list[dict[str, Any]], "column_objects")
    rows = decode(members.get("rows"), list[list[msgspec.Raw]], "rows")
    cut = [msgspec.Raw(array(label_alone(cell) for cell in row)) for row in rows]
    members["columns"] = msgspec.Raw(encode([as_text(column) for column in columns]))
    members["rows"] = msgspec.Raw(array(cut))
    return splice({}, members)


def as_text(column: dict[str, Any]) -> dict[str, Any]:
    """The column of labels that a column of references becomes."""
    return column | {"type": "string"} if column.get("type") == "ref" else column


def label_alone(cell: msgspec.Raw) -> msgspec.Raw:
    """The label of a reference; any other cell as it is."""
    if bytes(cell)[:1] != b"{":
        return cell
    try:
        return msgspec.Raw(encode(msgspec.json.decode(cell, type=_Labelled).label))
    except msgspec.ValidationError:
        return cell  # a reference without a label has nothing but its id

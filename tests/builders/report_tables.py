"""Reports as 1C sends them, for tests of the arithmetic on them."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from onecgw.analysis.figure_table import FigureTable, read_table
from onecgw.responses.raw_json import Members, read_members

KOPECK = Decimal("0.01")
Rows = Mapping[str, Sequence[Decimal | None]]


def members_of(measures: Sequence[str], rows: Rows, /, **changes: object) -> Members:
    """A report by customer; the totals are the sums. changes: members that are other ones."""
    columns = [{"name": "customer", "type": "ref"}]
    columns += [{"name": name, "type": "number"} for name in measures]
    answer: dict[str, object] = {
        "columns": columns,
        "rows": [[{"id": name, "label": name}, *values] for name, values in rows.items()],
        "totals": {
            name: sum((values[place] or 0 for values in rows.values()), Decimal(0))
            for place, name in enumerate(measures)
        },
    }
    encoder = msgspec.json.Encoder(decimal_format="number")
    return read_members(encoder.encode(answer | changes))


def table_of(
    rows: Rows, *, measures: Sequence[str] = ("amount",), additive: Sequence[str] = ("amount",)
) -> FigureTable:
    """A table by customer."""
    return read_table(members_of(measures, rows), measures=measures, additive=additive, max_rows=99)


def label_of(cell: msgspec.Raw) -> str:
    """The label of a reference."""
    return str(json.loads(bytes(cell))["label"])

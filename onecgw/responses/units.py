"""What the figures of a report are in, and the totals over unlike currencies and units.

A sum over several currencies or units means nothing: its total is null, and the parts stand beside
it as `totals_by_currency` and `totals_by_unit`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Final

import attrs
import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.raw_json import Members, read_members, splice

CURRENCY: Final = "currency"
PRODUCT: Final = "product"
BY_CURRENCY: Final = "totals_by_currency"
BY_UNIT: Final = "totals_by_unit"
# By column, the member with the totals of each currency or unit in it.
_TOTALS_BY: Final = {CURRENCY: BY_CURRENCY, PRODUCT: BY_UNIT}
_ZERO: Final = Decimal(0)
_EXACT: Final = Context(prec=152)  # no sum of numbers of 38 digits rounds


@attrs.frozen(kw_only=True)
class MeasureUnits:
    """What the measures of a report are in.

    money: the base currency. own_currency: the currency of the row.
    quantities: the unit of the product of the row.
    """

    money: frozenset[str] = frozenset()
    own_currency: frozenset[str] = frozenset()
    quantities: frozenset[str] = frozenset()

    def are_in_base_currency(self, names: Iterable[str]) -> bool:
        """Whether there is money among these measures, all of it in the base currency."""
        found = frozenset(names)
        return bool(self.money & found) and not self.own_currency & found


NO_UNITS: Final = MeasureUnits()
Kinds = Mapping[str, frozenset[str]]


class NamedCurrency(msgspec.Struct, gc=False):
    """A currency that is a reference."""

    label: str


class UnitOfProduct(msgspec.Struct, gc=False):
    """A reference of a product, as far as its unit is concerned."""

    unit: str | None = None


def currency_of(members: Members) -> str:
    """The currency that a report names: a text, or the label of a reference; "" if it does not."""
    try:
        named = msgspec.json.decode(members.get(CURRENCY, b"null"), type=str | NamedCurrency | None)
    except msgspec.ValidationError:
        return ""
    return named.label if isinstance(named, NamedCurrency) else named or ""


def measures_by_place(names: Iterable[str], units: MeasureUnits) -> dict[str, frozenset[str]]:
    """The measures that a currency, and a unit, of the row belongs to, by the column of that."""
    columns = frozenset(names)
    found = {CURRENCY: units.own_currency & columns, PRODUCT: units.quantities & columns}
    return {place: measures for place, measures in found.items() if measures and place in columns}


def unlike_measures(
    names: Sequence[str], rows: Iterable[Sequence[msgspec.Raw]], units: MeasureUnits
) -> frozenset[str]:
    """The measures whose rows are in several currencies or units.

    Args:
        names: of the columns.
        rows: the cells of each row.
        units: of the measures.
    """
    places = measures_by_place(names, units)
    kinds = _kinds(names, rows if places else (), places)
    return frozenset().union(*(places[place] for place in places if len(kinds[place]) > 1))


def _kinds(
    names: Sequence[str], rows: Iterable[Sequence[msgspec.Raw]], places: Iterable[str]
) -> Kinds:
    """By column, the currencies and the units in it; a row that does not say it has none."""
    found: dict[str, set[str]] = {place: set() for place in places}
    for row in rows:
        for place, kinds in found.items():
            kinds.add(kind_of(place, row[names.index(place)]))
    return {place: frozenset(kinds - {""}) for place, kinds in found.items()}


def without_unlike_totals(
    members: Members,
    names: Sequence[str],
    units: MeasureUnits,
    *,
    is_whole: bool,
    kinds: Kinds | None = None,
) -> Members:
    """The members of a report in which a total over unlike currencies or units is null.

    Args:
        members: of the answer.
        names: of its columns.
        units: of its measures.
        is_whole: these are all rows, so that the parts can be added up where 1C does not tell them.
        kinds: by column, the currencies and the units in it; None: they are not known yet.
    """
    places = measures_by_place(names, units)
    if not places:
        return members
    if kinds is None:
        kinds = _kinds(names, _cells(members), places)
    unlike = {
        place: measures
        for place, measures in places.items()
        if len(kinds[place]) > 1 or _parts(members, _TOTALS_BY[place]) > 1
    }
    raw_totals = members.get("totals", msgspec.Raw(b"null"))
    if not unlike or bytes(raw_totals)[:1] != b"{":
        return members
    totals = read_members(bytes(raw_totals))
    nulled = {name: None for name in totals if any(name in one for one in unlike.values())}
    parts = {"totals": msgspec.Raw(splice(nulled, totals))}
    for place, measures in unlike.items():
        if is_whole and _TOTALS_BY[place] not in members:
            added = _added(names, _cells(members), sorted(measures), place)
            parts[_TOTALS_BY[place]] = msgspec.Raw(_encode(added))
    return members | parts


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def _cells(members: Members) -> Iterable[Sequence[msgspec.Raw]]:
    return msgspec.json.decode(members["rows"], type=list[list[msgspec.Raw]])


def _added(
    names: Sequence[str],
    rows: Iterable[Sequence[msgspec.Raw]],
    measures: Sequence[str],
    place: str,
) -> Mapping[str, object]:
    """The sums by currency or unit: of one measure a number, of several an object each."""
    sums: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        cell = row[names.index(place)]
        part = sums.setdefault(kind_of(place, cell), {})
        for measure in measures:
            value = msgspec.json.decode(row[names.index(measure)], type=Decimal | None)
            part[measure] = _EXACT.add(part.get(measure, _ZERO), value or _ZERO)
    if len(measures) > 1:
        return sums
    return {name: part[measures[0]] for name, part in sums.items()}


def _parts(members: Members, name: str) -> int:
    """How many currencies or units 1C names beside the totals."""
    raw = members.get(name)
    return len(read_members(bytes(raw))) if raw is not None and bytes(raw)[:1] == b"{" else 0


def kind_of(place: str, cell: msgspec.Raw) -> str:
    """The currency, or the unit of the product, in a cell; "" where it does not say."""
    return currency_label(cell) if place == CURRENCY else unit_of(cell)


def currency_label(cell: msgspec.Raw) -> str:
    """A currency: a text, the label of a reference, or the cell as it is written."""
    try:
        value = msgspec.json.decode(cell, type=str | NamedCurrency)
    except msgspec.ValidationError:
        return bytes(cell).decode()
    return value.label if isinstance(value, NamedCurrency) else value


def unit_of(cell: msgspec.Raw) -> str:
    """The unit of a product; "" if the reference does not carry one."""
    if bytes(cell)[:1] != b"{":
        return ""
    try:
        return msgspec.json.decode(cell, type=UnitOfProduct).unit or ""
    except msgspec.ValidationError:
        return ""


def one_currency(tables: Iterable[Members]) -> str:
    """The currency of several reports; "" if none of them names one.

    Raises:
        OnecBadResponse: they name several, so that nothing can be computed from them together.
    """
    found = sorted({one for one in map(currency_of, tables) if one})
    if len(found) > 1:
        raise OnecBadResponse(say("bad_response.currencies", currencies=", ".join(found)))
    return found[0] if found else ""

"""What the figures of a report are in, and the totals over unlike currencies and units.

A sum over several currencies or units means nothing: its total is null, and the parts stand beside
it as `totals_by_currency` and `totals_by_unit`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class _NamedCurrency(msgspec.Struct):
    label: str


class _UnitOfProduct(msgspec.Struct):
    unit: str | None = None


def currency_of(members: Members) -> str:
    """The currency that a report names: a text, or the label of a reference; "" if it does not."""
    try:
        named = msgspec.json.decode(
            members.get(CURRENCY, b"null"), type=str | _NamedCurrency | None
        )
    except msgspec.ValidationError:
        return ""
    return named.label if isinstance(named, _NamedCurrency) else named or ""


def unlike_measures(
    names: Sequence[str], rows: Iterable[Sequence[msgspec.Raw]], units: MeasureUnits
) -> frozenset[str]:
    """The measures whose rows are in several currencies or units.

    Args:
        names: of the columns.
        rows: the cells of each row; they are read until it is known of every measure.
        units: of the measures.
    """
    in_currency, in_unit = _split_by(names, units)
    if not in_currency and not in_unit:
        return frozenset()
    unlike: set[str] = set()
    seen: dict[str, str] = {}
    for row in rows:
        for place, measures in ((CURRENCY, in_currency), (PRODUCT, in_unit)):
            kind = kind_of(place, row[names.index(place)]) if measures else ""
            if kind and seen.setdefault(place, kind) != kind:
                unlike |= measures
        if unlike == in_currency | in_unit:
            break
    return frozenset(unlike)


def without_unlike_totals(
    members: Members,
    names: Sequence[str],
    units: MeasureUnits,
    *,
    is_whole: bool,
) -> Members:
    """The members of a report in which a total over unlike currencies or units is null.

    Args:
        members: of the answer.
        names: of its columns.
        units: of its measures.
        is_whole: these are all rows, so that the parts can be added up where 1C does not tell them.
    """
    in_currency, in_unit = _split_by(names, units)
    if not in_currency and not in_unit:
        return members
    rows = msgspec.json.decode(members["rows"], type=list[msgspec.Raw])
    unlike = unlike_measures(names, _cells(rows), units)
    unlike |= in_currency if _parts(members, BY_CURRENCY) > 1 else frozenset()
    unlike |= in_unit if _parts(members, BY_UNIT) > 1 else frozenset()
    totals = members.get("totals", msgspec.Raw(b"null"))
    if not unlike or bytes(totals)[:1] != b"{":
        return members
    nulled = {name: None for name in read_members(bytes(totals)) if name in unlike}
    parts: dict[str, msgspec.Raw] = {
        "totals": msgspec.Raw(splice(nulled, read_members(bytes(totals))))
    }
    if is_whole:
        for member, measures, place in (
            (BY_CURRENCY, in_currency, CURRENCY),
            (BY_UNIT, in_unit, PRODUCT),
        ):
            if member not in members and measures & unlike:
                added = _added(names, _cells(rows), sorted(measures), place)
                parts[member] = msgspec.Raw(_encode(added))
    return members | parts


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def _split_by(names: Sequence[str], units: MeasureUnits) -> tuple[frozenset[str], frozenset[str]]:
    """The measures among the columns that a currency, and a unit, of the row belongs to."""
    columns = frozenset(names)
    return (
        units.own_currency & columns if CURRENCY in columns else frozenset(),
        units.quantities & columns if PRODUCT in columns else frozenset(),
    )


def _cells(rows: Iterable[msgspec.Raw]) -> Iterator[Sequence[msgspec.Raw]]:
    return (msgspec.json.decode(row, type=list[msgspec.Raw]) for row in rows)


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
        value = msgspec.json.decode(cell, type=str | _NamedCurrency)
    except msgspec.ValidationError:
        return bytes(cell).decode()
    return value.label if isinstance(value, _NamedCurrency) else value


def unit_of(cell: msgspec.Raw) -> str:
    """The unit of a product; "" if the reference does not carry one."""
    if bytes(cell)[:1] != b"{":
        return ""
    try:
        return msgspec.json.decode(cell, type=_UnitOfProduct).unit or ""
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

"""How the rows of one fetch are read: ids of dimensions, terms of sums, what is counted."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from onecgw.backends.odata.catalogues import ZERO, Row
from onecgw.backends.odata.metadata import result_type
from onecgw.backends.odata.numbers import EXACT
from onecgw.backends.odata.object_names import bare_type
from onecgw.backends.odata.profile import COUNTS, OF_RETURNS, DimensionField, Term, matches
from onecgw.backends.odata.query_plan import Fetch
from onecgw.backends.odata.references import ACCOUNT, References

_SUBCONTO: Final = (1, 2, 3)

Reader = Callable[[Row], str | None]


class Tally:
    """What is summed and counted over some rows."""

    __slots__ = ("seen", "sums")

    def __init__(self) -> None:
        self.sums: dict[str, Decimal] = {}
        self.seen: dict[str, set[str]] = {}

    def counts(self) -> dict[str, int]:
        """How many distinct values were seen, by fact."""
        return {fact: len(values) for fact, values in self.seen.items()}

    @property
    def is_zero(self) -> bool:
        """Whether every sum is 0."""
        return not any(self.sums.values())


class RowReading:
    """How the rows of one fetch are read.

    unknown: the dimensions of which some rows have nothing, as their key is in no key set.
    """

    def __init__(self, fetch: Fetch, references: References) -> None:
        source = fetch.source
        self.unknown: set[str] = set()
        self._references = references
        self._source = source
        self._type = result_type(source.register, source.table)
        self._leaves = {leaf: self._leaf_reader(leaf, source.dims[leaf]) for leaf in fetch.leaves}
        self._sums = [
            (fact, [self._term_reader(term) for term in source.facts[fact]])
            for fact in fetch.facts
            if fact in source.facts and fact not in COUNTS
        ]
        self._counts = [
            (fact, self._leaves[COUNTS[fact]]) for fact in fetch.facts if fact in COUNTS
        ]
        self._returned = [
            (fact, [self._term_reader(term) for term in source.facts[OF_RETURNS[fact]]])
            for fact in fetch.facts
            if fact in OF_RETURNS
        ]
        self._returns = [*source.returns.items()] if self._counts or self._returned else []

    def leaf(self, name: str, row: Row) -> str | None:
        """The id of a dimension in a row."""
        return self._leaves[name](row)

    def first_of(self, names: tuple[str, ...], row: Row) -> tuple[str, str] | None:
        """The first of some dimensions that has a value, and the value."""
        for name in names:
            found = self._leaves[name](row)
            if found is not None:
                return name, found
        return None

    def fulfils(self, alternatives: Sequence[tuple[str, frozenset[str]]], row: Row) -> bool:
        """Whether one of the alternatives holds in a row."""
        return any(self._leaves[name](row) in ids for name, ids in alternatives)

    def sum_up(self, row: Row, tally: Tally) -> None:
        """Add a row to a tally."""
        for fact, terms in self._sums:
            for term in terms:
                value = term(row)
                if value:
                    tally.sums[fact] = EXACT.add(tally.sums[fact], value)
        if self._returns and self._is_return(row):
            self._sum_up_return(row, tally)
        elif self._counts:
            self._count(row, tally)

    def _count(self, row: Row, tally: Tally) -> None:
        for fact, reader in self._counts:
            found = reader(row)
            if found is not None:
                tally.seen[fact].add(found)

    def _sum_up_return(self, row: Row, tally: Tally) -> None:
        for fact, terms in self._returned:
            for term in terms:
                value = term(row)
                if value:
                    tally.sums[fact] = EXACT.subtract(tally.sums[fact], value)

    def _is_return(self, row: Row) -> bool:
        return any(
            matches(bare_type(str(row.get(field) or "")), patterns)
            for field, patterns in self._returns
        )

    def _leaf_reader(self, leaf: str, field: DimensionField) -> Reader:
        if field.side is not None:
            return _subconto_reader(field)
        column = self._references.types.column(self._type, field.field) or field.field
        is_composite = self._references.types.is_composite(self._type, column)
        raw = _plain_reader(column, field.types if is_composite else ())
        if field.key is None:
            return raw
        keys: Mapping[str, Mapping[str, str]] = self._references.keys[field.key]

        def through_key(row: Row) -> str | None:
            key = raw(row)
            if key is None:
                return None
            gives = keys.get(key)
            if gives is None:
                self.unknown.add(leaf)
                return None
            return gives.get(leaf)

        return through_key

    def _term_reader(self, term: Term) -> Callable[[Row], Decimal | None]:
        column = self._source.column(term.resource)
        when = [
            (self._references.types.column(self._type, name) or name, frozenset(values))
            for name, values in term.when.items()
        ]
        accounts = (
            frozenset(self._references.account_keys(term.accounts)) if term.accounts else None
        )
        sign = term.sign

        def read(row: Row) -> Decimal | None:
            for field, values in when:
                if row[field] not in values:
                    return None
            if accounts is not None and row["Account_Key"] not in accounts:
                return None
            value = row[column]
            if not value:
                return None
            number = value if isinstance(value, Decimal) else Decimal(value)
            return number if sign > 0 else number.copy_negate()

        return read


def _plain_reader(column: str, types: tuple[str, ...]) -> Reader:
    if not types:

        def read(row: Row) -> str | None:
            found = row[column]
            return found if found and found != ZERO else None

        return read
    type_column = f"{column}_Type"

    def read_of_type(row: Row) -> str | None:
        found = row[column]
        if not found or found == ZERO or bare_type(row[type_column]) not in types:
            return None
        return str(found)

    return read_of_type


def _subconto_reader(field: DimensionField) -> Reader:
    """The subconto of a type, wherever it stands; else the account, where that is asked for."""
    prefix = "ExtDimension" if field.side == "own" else "BalancedExtDimension"
    columns = [(f"{prefix}{number}", f"{prefix}{number}_Type") for number in _SUBCONTO]

    def read(row: Row) -> str | None:
        for column, type_column in columns:
            if bare_type(str(row.get(type_column) or "")) in field.types:
                found = row.get(column)
                if found and found != ZERO:
                    return str(found)
        return row["Account_Key"] if field.field == ACCOUNT else None

    return read

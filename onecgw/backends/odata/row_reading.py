"""How the rows of one fetch are read: ids of dimensions, terms of sums, what is counted."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from onecgw.backends.odata.catalogues import ZERO, Row
from onecgw.backends.odata.numbers import EXACT
from onecgw.backends.odata.object_names import bare_type
from onecgw.backends.odata.profile import COUNTS, OF_RETURNS, DimensionField, Term, has_marks
from onecgw.backends.odata.query_plan import Fetch
from onecgw.backends.odata.references import ACCOUNT, References
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

Reader = Callable[[Row], str | None]
TermReader = Callable[[Row], Decimal | None]


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
        self._leaves = {leaf: self._leaf_reader(leaf, source.dims[leaf]) for leaf in fetch.leaves}
        readers = {
            fact: [self._term_reader(term) for term in terms]
            for fact, terms in source.terms(fetch.facts).items()
        }
        self._sums = [one for one in readers.items() if one[0] not in OF_RETURNS]
        self._returned = [one for one in readers.items() if one[0] in OF_RETURNS]
        self._counts = [
            (fact, self._leaves[COUNTS[fact]]) for fact in fetch.facts if fact in COUNTS
        ]
        self._returns = source.returns if self._counts or self._returned else {}

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
        _sum_up(self._sums, row, tally, EXACT.add)
        if self._returns and has_marks(row, self._returns):
            _sum_up(self._returned, row, tally, EXACT.subtract)
        else:
            for fact, reader in self._counts:
                found = reader(row)
                if found is not None:
                    tally.seen[fact].add(found)

    def _leaf_reader(self, leaf: str, field: DimensionField) -> Reader:
        columns = self._references.columns(self._source, field)
        # Of a field of one type nothing needs to be compared.
        types = self._references.types
        is_typed = any(types.is_composite(self._source.row_type, one) for one in columns)
        instead = "Account_Key" if field.side and field.field == ACCOUNT else ""
        raw = _reader(self._source.register, columns, field.types if is_typed else (), instead)
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

    def _term_reader(self, term: Term) -> TermReader:
        column = self._source.column(term.resource)
        when = [
            (self._references.column(self._source, name), frozenset(values))
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


def _sum_up(
    readers: Sequence[tuple[str, Sequence[TermReader]]],
    row: Row,
    tally: Tally,
    join: Callable[[Decimal, Decimal], Decimal],
) -> None:
    for fact, terms in readers:
        for term in terms:
            value = term(row)
            if value:
                tally.sums[fact] = join(tally.sums[fact], value)


def _reader(register: str, columns: Sequence[str], types: tuple[str, ...], instead: str) -> Reader:
    """The first reference of one of the types, () is any; else the value of `instead`.

    Raises:
        OnecBadResponse: by the reader, if a reference lacks its type: without it, the figures of
            the row would go to another one.
    """
    pairs = [(column, f"{column}_Type") for column in columns]

    def read(row: Row) -> str | None:
        for column, type_column in pairs:
            found = row[column]
            if not found or found == ZERO:
                continue
            if types and not row[type_column]:
                raise OnecBadResponse(say("odata.row_lacks", name=register, columns=type_column))
            if not types or bare_type(str(row[type_column])) in types:
                return str(found)
        return row[instead] if instead else None

    return read

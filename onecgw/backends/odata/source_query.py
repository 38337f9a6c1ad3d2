"""The GET that reads one source: its arguments, dimensions, columns."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from onecgw.backends.odata import url
from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.object_names import records_of
from onecgw.backends.odata.profile import (
    COUNTS,
    OF_RETURNS,
    Predefined,
    RegisterSource,
)
from onecgw.backends.odata.references import ACCOUNT, References
from onecgw.backends.odata.url import ODataQuery
from onecgw.errors import OnecNotPublished
from onecgw.locales.text import say

# Where no dimension is needed, one must be named, or 1C sends all of them: those with few values.
_COARSE: Final = ("firm", "operation", "cash", "warehouse", "seller")


class SourceQuery:
    """Makes the GETs of a source for some of its facts."""

    def __init__(
        self, source: RegisterSource, facts: tuple[str, ...], references: References, bounds: Bounds
    ) -> None:
        self._source = source
        self._facts = facts
        self._references = references
        self._bounds = bounds

    def query(
        self,
        conditions: Sequence[str],
        leaves: tuple[str, ...],
        span: tuple[date, date],
        arguments: tuple[tuple[str, str], ...] = (),
        *,
        shows_balanced: bool = False,
    ) -> ODataQuery:
        """The GET of some days.

        Args:
            conditions: that 1C applies, besides those of the source.
            leaves: the dimensions that the rows must have.
            span: the first and the last day.
            arguments: on accounts.
            shows_balanced: whether the rows have the corresponding account.

        Raises:
            OnecNotPublished: the base lacks a predefined object.
        """
        source = self._source
        columns = self._columns(leaves, shows_balanced=shows_balanced)
        every = [*self._always(), *conditions]
        options = [
            ("$select", ",".join(columns)),
            ("$top", str(self._bounds.rows + 1)),
            *self._bounds.options,
        ]
        if source.table == "Records":
            dated = (
                f"Period ge {url.start_of(span[0])} and Period le {url.end_of(span[1])} "
                "and Active eq true"
            )
            return ODataQuery(
                resource=records_of(source.register),
                options=(("$filter", url.all_of([dated, *every])), *options),
            )
        period = (
            [("Period", url.after(span[1]))]
            if source.table == "Balance"
            else [
                (self._parameter("StartPeriod", "StartDate"), url.start_of(span[0])),
                (self._parameter("EndPeriod", "EndDate"), url.end_of(span[1])),
            ]
        )
        dimensions = [] if source.is_ledger else self._dimensions(leaves)
        return ODataQuery(
            resource=source.register,
            function=source.table,
            arguments=(
                *period,
                *([("Dimensions", url.text(",".join(dimensions)))] if dimensions else []),
                *([("Condition", url.text(url.all_of(every)))] if every else []),
                *arguments,
            ),
            options=tuple(options),
        )

    def _parameter(self, *names: str) -> str:
        """The name of an argument as `$metadata` declares it; 1C answers 501 to any other."""
        functions = self._references.types.functions.get(self._source.register, {})
        declared = functions.get(self._source.table, ())
        return next((name for name in names if name in declared), names[0])

    def _dimensions(self, leaves: tuple[str, ...]) -> list[str]:
        """The names of dimensions that 1C must keep apart."""
        dims = self._source.dims
        named = [dims[leaf].field for leaf in leaves]
        terms = self._source.terms(self._facts).values()
        named += [field for some in terms for one in some for field in one.when]
        returned = [*self._return_fields(), *self._source.excludes]
        named += [field.removesuffix("_Type") for field in returned]
        if not named:
            coarse = [name for name in _COARSE if name in dims and dims[name].key is None]
            named = [dims[(coarse or [*dims])[0]].field]
        return [*dict.fromkeys(named)]

    def _return_fields(self) -> list[str]:
        tells_returns = any(fact in COUNTS or fact in OF_RETURNS for fact in self._facts)
        return [*self._source.returns] if tells_returns else []

    def _columns(self, leaves: tuple[str, ...], *, shows_balanced: bool) -> list[str]:
        source, types = self._source, self._references.types
        columns: list[str] = []
        for leaf in leaves:
            field = source.dims[leaf]
            for column in self._references.columns(source, field):
                columns.append(column)
                if types.is_composite(source.row_type, column):
                    columns.append(f"{column}_Type")
            columns += ["Account_Key"] if field.side and field.field == ACCOUNT else []
        for terms in source.terms(self._facts).values():
            for term in terms:
                columns += [self._references.column(source, name) for name in term.when]
                columns += ["Account_Key"] if term.accounts else []
                columns.append(source.column(term.resource))
        columns += [*self._return_fields(), *source.excludes]
        columns += ["BalancedAccount_Key"] if shows_balanced else []
        columns += ["Period"] if source.table == "Records" else []
        return [*dict.fromkeys(columns)]

    def _always(self) -> Iterator[str]:
        for field, value in self._source.where.items():
            column = self._references.column(self._source, field)
            if isinstance(value, Predefined):
                key = self._references.predefined.get(value)
                if key is None:
                    raise OnecNotPublished(
                        say("odata.no_predefined", name=value.entity_set, item=value.name)
                    )
                yield f"{column} eq {url.guid(key)}"
            else:
                yield f"{column} eq {url.text(value)}"

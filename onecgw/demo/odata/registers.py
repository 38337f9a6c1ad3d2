"""Accumulation registers: their records, and the sums of their virtual tables."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from onecgw.demo.odata.fields import columns_of, day, document, flag, plain, text
from onecgw.demo.odata.model import EntitySet, ODataColumn, ODataField, PeriodKind, VirtualTable


def sums_of(fields: Iterable[ODataField], suffixes: Mapping[str, str]) -> tuple[ODataColumn, ...]:
    """The sums of resources: suffix of a column → SQL with {0} for that of a movement."""
    return tuple(
        attrs.evolve(column, name=column.name + suffix, sql=sql.format(column.sql))
        for column in columns_of(fields)
        for suffix, sql in suffixes.items()
    )


@attrs.frozen(kw_only=True)
class Register:
    """An accumulation register.

    facts: the table of its movements, or a SELECT of them in parentheses.
    balances: whether it keeps balances; else only turnovers.
    resources: their SQL is that of one movement, with a minus for an expense.
    attributes: fields that only the records themselves have.
    flow: SQL that is 1 for a receipt and -1 for an expense.
    """

    name: str
    facts: str
    balances: bool
    dimensions: tuple[ODataField, ...]
    resources: tuple[ODataField, ...]
    attributes: tuple[ODataField, ...] = ()
    recorders: tuple[str, ...]
    flow: str = "flow"

    @property
    def whole(self) -> str:
        """Its name with its kind."""
        return f"AccumulationRegister_{self.name}"

    def sets(self) -> Iterator[EntitySet]:
        """Return the set of record sets, and that of the records."""
        recorder = document("Recorder", *self.recorders)
        yield EntitySet(
            name=self.whole,
            columns=columns_of([recorder]),
            source=f"(SELECT DISTINCT doc_kind, doc FROM {self.facts})",  # noqa: S608 - as above
            keys=("Recorder", "Recorder_Type"),
        )
        resources = self.resources
        kinds = []
        if self.balances:
            kinds = [
                text("RecordType", f"CASE {self.flow} WHEN -1 THEN 'Expense' ELSE 'Receipt' END")
            ]
            resources = tuple(
                attrs.evolve(one, sql=f"({self.flow}) * ({one.sql})") for one in self.resources
            )
        record = (
            recorder,
            day("Period", "period"),
            plain("int64", "LineNumber", "line"),
            flag("Active", "1"),
            *kinds,
            *self.dimensions,
            *resources,
            *self.attributes,
        )
        yield EntitySet(
            name=f"{self.whole}_RecordType",
            owner=self.whole,
            columns=columns_of(record),
            source=self.facts,
            keys=("Recorder", "LineNumber", "Recorder_Type"),
        )

    def tables(self) -> Iterator[VirtualTable]:
        """Return its virtual tables."""
        between = ("EndPeriod", "StartPeriod")
        yield self._table("Turnovers", "Turnover", "between", between, self._turnovers())
        if self.balances:
            yield self._table("Balance", "Balance", "before", ("Period",), {"Balance": "SUM({0})"})
            sums = {
                "OpeningBalance": "SUM(CASE WHEN period < :StartPeriod THEN {0} ELSE 0 END)",
                **self._turnovers("AND period >= :StartPeriod"),
                "ClosingBalance": "SUM({0})",
            }
            yield self._table("BalanceAndTurnovers", "BalanceAndTurnover", "to_end", between, sums)

    def _turnovers(self, condition: str = "") -> dict[str, str]:
        """Suffix of a resource → SQL of its turnover."""
        if not self.balances:
            return {"Turnover": "SUM({0})"}

        def only(flow: str, sign: str = "") -> str:
            return f"{sign}SUM(CASE WHEN {flow} {condition} THEN {{0}} ELSE 0 END)"

        return {
            "Turnover": only("TRUE"),
            "Receipt": only(f"({self.flow}) > 0"),
            "Expense": only(f"({self.flow}) < 0", "-"),
        }

    def _table(
        self,
        function: str,
        result: str,
        period: PeriodKind,
        moments: tuple[str, ...],
        sums: Mapping[str, str],
    ) -> VirtualTable:
        names = tuple(column.name for column in columns_of(self.dimensions))
        return VirtualTable(
            function=function,
            owner=self.whole,
            result=f"{self.whole}_{result}",
            source=self.facts,
            parameters={"Condition": names, "Dimensions": None, **dict.fromkeys(moments)},
            period=period,
            dimensions=self.dimensions,
            sums=tuple(
                column
                for suffix, sql in sums.items()
                for column in sums_of(self.resources, {suffix: sql})
            ),
        )

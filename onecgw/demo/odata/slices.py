"""The rates of currencies: the one information register of the demo, and its slices."""

from collections.abc import Iterator
from typing import Final

import attrs

from onecgw.demo.odata.fields import columns_of, day, number, ref
from onecgw.demo.odata.model import EntitySet, ODataField, VirtualTable


@attrs.frozen(kw_only=True)
class InformationRegister:
    """A periodic information register without a recorder.

    key: the dimension by which a slice takes the last or the first record.
    """

    name: str
    facts: str
    key: str
    fields: tuple[ODataField, ...]

    @property
    def entity_set(self) -> EntitySet:
        """Its records."""
        return EntitySet(
            name=self.name,
            columns=columns_of(self.fields),
            source=self.facts,
            keys=("Period", f"{self.fields[1].name}_Key"),
        )

    @property
    def tables(self) -> Iterator[VirtualTable]:
        """SliceLast and SliceFirst; a slice's Period is inclusive."""
        names = tuple(column.name for column in columns_of(self.fields[1:]))
        for function, extreme in (("SliceLast", "MAX"), ("SliceFirst", "MIN")):
            yield VirtualTable(
                function=function,
                owner=self.name,
                result=self.name,
                source=self.facts,
                parameters={"Condition": names, "Period": None},
                period="until" if function == "SliceLast" else "from",
                dimensions=self.fields,
                only=f"period = {extreme}(period) OVER (PARTITION BY {self.key})",
            )


RATES: Final = InformationRegister(
    name="InformationRegister_КурсыВалют",
    facts="rates",
    key="currency",
    fields=(
        day("Period", "period", "period"),
        ref("Валюта", "Catalog_Валюты", "currency"),
        number("Курс", "rate", 0),
        number("Кратность", "1", 0),
    ),
)

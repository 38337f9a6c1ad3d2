"""The rates of currencies: the one information register of the demo, and its slices."""

from typing import Final

from onecgw.demo.odata.fields import columns_of, day, number, ref
from onecgw.demo.odata.model import EntitySet, PeriodKind, VirtualTable

_NAME: Final = "InformationRegister_КурсыВалют"
_FIELDS: Final = (
    day("Period", "period", "period"),
    ref("Валюта", "Catalog_Валюты", "currency"),
    number("Курс", "rate", 0),
    number("Кратность", "1", 0),
)
RATES: Final = EntitySet(
    name=_NAME, columns=columns_of(_FIELDS), source="rates", keys=("Period", "Валюта_Key")
)


def _slice(function: str, period: PeriodKind, extreme: str) -> VirtualTable:
    """The last or the first record of each currency; the Period of a slice is inclusive."""
    return VirtualTable(
        function=function,
        owner=_NAME,
        result=_NAME,
        source="rates",
        parameters={
            "Condition": tuple(column.name for column in columns_of(_FIELDS[1:])),
            "Period": None,
        },
        period=period,
        dimensions=_FIELDS,
        only=f"period = {extreme}(period) OVER (PARTITION BY currency)",
    )


RATE_SLICES: Final = (_slice("SliceLast", "until", "MAX"), _slice("SliceFirst", "from", "MIN"))

"""What the figures of a column are in, and the texts of the pages."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.tools import ALL
from onecgw.locales import LANGUAGES, load_texts

PREFIX: Final = "pages."

# Columns of the analyses, which no declaration of a report has, and of other units than money.
_MONEY: Final = frozenset(
    {"sold_amount", "change", "price", "unit_cost", "volume", "mix", "advances_without_debt"}
)
_QUANTITIES: Final = frozenset({"daily_sales", "avg_qty"})
_PERCENT: Final = frozenset({"margin", "availability_pct", "share", "cumulative_share"})


@cache
def column_kinds() -> Mapping[str, str]:
    """The kind of each measure: money, own (currency of the row), quantity or percent.

    Counts, such as receipts and days, are not in it.
    """
    kinds = dict.fromkeys(_MONEY, "money")
    for tool in ALL:
        if isinstance(tool, TableTool):
            kinds |= dict.fromkeys(tool.units.money, "money")
            kinds |= dict.fromkeys(tool.units.own_currency, "own")
            kinds |= dict.fromkeys(tool.units.quantities, "quantity")
    kinds |= dict.fromkeys(_QUANTITIES, "quantity")
    return kinds | dict.fromkeys(_PERCENT, "percent")


@cache
def page_texts() -> Mapping[str, Mapping[str, str]]:
    """The texts of the pages by language and key, as in `columns.amount` and `titles.cash_flow`."""
    return {
        language: {
            key.removeprefix(PREFIX): text
            for key, text in load_texts(language).items()
            if key.startswith((PREFIX, "titles."))
        }
        for language in LANGUAGES
    }

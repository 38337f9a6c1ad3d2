"""Which measures a caller must never see: cost, profit, and as settings say, the value of stock."""

from typing import Protocol

import attrs

from onecgw.auth.caller import COST, COST_MEASURES
from onecgw.settings import LimitsSettings


class _Valued(Protocol):
    """A tool, as far as its restrictions are concerned."""

    @property
    def stock_value(self) -> frozenset[str]:
        """The measures that are the value of stock at cost."""
        ...


@attrs.frozen(kw_only=True)
class Restrictions:
    """The measures that one group of callers must never see.

    measures: in the answers of every tool.
    closes_stock_value: also the value of stock at cost, from which the cost of a unit follows.
    """

    measures: frozenset[str] = frozenset()
    closes_stock_value: bool = False

    def of(self, tool: _Valued) -> frozenset[str]:
        """The measures of one tool."""
        return self.measures | tool.stock_value if self.closes_stock_value else self.measures


def restrictions_for(scopes: frozenset[str], limits: LimitsSettings) -> Restrictions:
    """The restrictions of callers with these scopes."""
    if COST in scopes:
        return Restrictions()
    return Restrictions(
        measures=COST_MEASURES, closes_stock_value=limits.stock_amount_scope == "cost"
    )

"""Whether a period reaches beyond the books, where balances and flows mean nothing."""

from datetime import date
from typing import Final

from onecgw.analysis.cycle.figures import BALANCES, PeriodData
from onecgw.locales.text import say

QUIET_DAYS: Final = 7  # books in use have something on every day but holidays


def outside_books(data: PeriodData, last_sale: date | None) -> str:
    """Why the period reaches beyond the books; "" if it does not.

    Args:
        data: of the period.
        last_sale: the last day with sales up to the end of the period; None if it is not known.
    """
    period = data.period
    for day in (period.eve, period.last):
        known = [data.balances[one][day] for one in BALANCES if day in data.balances.get(one, {})]
        if len(known) == len(BALANCES) and not any(known):
            return say("cycle.outside_balances", period=period.text, day=day)
    for month in period.months:
        flows = [data.flow(series, month) for series in data.flows]
        if flows and not any(flows) and month.days > QUIET_DAYS:
            return say("cycle.outside_flows", period=period.text, month=month.text)
    if last_sale is not None and (period.last - last_sale).days > QUIET_DAYS:
        return say("cycle.outside_last_sale", period=period.text, day=last_sale)
    return ""

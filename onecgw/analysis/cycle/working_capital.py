"""Why the balances changed: the money moved more slowly, or there was more of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.formulas import RatioTerms, cash_effect
from onecgw.analysis.decimals import EXACT, MONEY_PLACES, exact_sum, rounded

BALANCE_OF: Final[Mapping[str, str]] = {"dio": "stock", "dso": "receivable", "dpo": "payable"}
TOTAL: Final = "total"


@attrs.frozen(kw_only=True)
class BalanceChange:
    """A balance now and before, in kopecks; the two effects add up to the change.

    days_effect: (r₁ − r₀) × f₁. volume_effect: r₀ × (f₁ − f₀); it takes the rounding.
    Both are None where a flow is not above zero.
    """

    before: Decimal
    now: Decimal
    days_effect: Decimal | None

    @property
    def change(self) -> Decimal:
        """By how much the balance changed."""
        return EXACT.subtract(self.now, self.before)

    @property
    def volume_effect(self) -> Decimal | None:
        """What of the change the days did not make."""
        return None if self.days_effect is None else EXACT.subtract(self.change, self.days_effect)


def working_capital(now: Figures, before: Figures) -> dict[str, BalanceChange | None]:
    """The change of each component's balance, and of stock + receivable − payable.

    A component that is missing in one of the periods is None, and so is then the total.
    """
    parts = {
        name: _change(before.terms[name], now.terms[name])
        if name in now.terms and name in before.terms
        else None
        for name in COMPONENTS
    }
    return {**{BALANCE_OF[name]: part for name, part in parts.items()}, TOTAL: _total(parts)}


def _change(before: RatioTerms, now: RatioTerms) -> BalanceChange:
    old, new = before.days_tied_up, now.days_tied_up
    return BalanceChange(
        before=rounded(before.balance, MONEY_PLACES),
        now=rounded(now.balance, MONEY_PLACES),
        days_effect=None
        if old is None or new is None
        else rounded(cash_effect(new - old, now), MONEY_PLACES),
    )


def _total(parts: Mapping[str, BalanceChange | None]) -> BalanceChange | None:
    known = [(COMPONENTS[name], part) for name, part in parts.items() if part is not None]
    if len(known) < len(parts):
        return None
    effects = [sign * part.days_effect for sign, part in known if part.days_effect is not None]
    return BalanceChange(
        before=exact_sum(sign * part.before for sign, part in known),
        now=exact_sum(sign * part.now for sign, part in known),
        days_effect=exact_sum(effects) if len(effects) == len(known) else None,
    )

"""The balances of cash desks and bank accounts, and every movement of money."""

from datetime import date
from typing import Final

from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.catalogue_entries import Cash
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.journal import Journal
from onecgw.demo.simulation.rounding import divide

# Transfers to a desk are made in thousands of its own currency.
_TRANSFER_STEP: Final = 1_000_00


class CashLedger:
    """The balance of every desk, in hundredths of its own currency."""

    def __init__(self, company: Company, journal: Journal) -> None:
        self._company = company
        self._journal = journal
        self.own = {desk.id: 0 for desk in company.cash}

    def balance(self, desk: Cash) -> int:
        """What a desk holds, in kopecks of the base currency."""
        return self.own[desk.id] * desk.rate

    def move(
        self,
        day: date,
        desk: Cash,
        *,
        amount: int,
        operation: str,
        partner: int | None = None,
        cost_article: int | None = None,
    ) -> None:
        """Money comes in, or goes out; a desk with too little in it is filled up first.

        Args:
            day: the day of the document.
            desk: where the money comes in or goes out.
            amount: in kopecks of the base currency, a whole number of the desk's own; above zero
                it comes in.
            operation: the label of the operation.
            partner: the id of the customer or supplier.
            cost_article: the id of what it is spent on.
        """
        if amount <= 0:
            self._fill_up(day, desk, -amount)
        own = amount // desk.rate
        self.own[desk.id] += own
        self._journal.write(
            "cash_documents",
            day,
            operation=named(self._company.operations, operation).id,
            cash=desk.id,
            direction="in" if amount > 0 else "out",
            own=abs(own),
            amount=abs(amount),
            partner=partner,
            cost_article=cost_article,
        )

    def hand_over(self, day: date, desk: Cash, keep_own: int) -> None:
        """A shop's desk hands its takings to the bank and keeps some change."""
        bank = self._company.desk(desk.firm, "bank")
        surplus = self.own[desk.id] - keep_own
        if surplus > 0:
            self._transfer(day, desk, bank, surplus * desk.rate)

    def _fill_up(self, day: date, desk: Cash, amount: int) -> None:
        missing = amount // desk.rate - self.own[desk.id]
        if missing <= 0 or desk.purpose == "bank":
            return
        # Foreign cash comes from the foreign account, everything else from the bank.
        purpose = "currency" if desk.purpose == "travel" else "bank"
        source = self._company.desk(desk.firm, purpose)
        own = (missing // _TRANSFER_STEP + 2) * _TRANSFER_STEP
        self._fill_up(day, source, own * desk.rate)
        self._transfer(day, source, desk, own * desk.rate)

    def _transfer(self, day: date, source: Cash, target: Cash, amount: int) -> None:
        own_from, own_to = amount // source.rate, amount // target.rate
        self.own[source.id] -= own_from
        self.own[target.id] += own_to
        self._journal.write(
            "cash_transfers",
            day,
            cash_from=source.id,
            cash_to=target.id,
            own_from=own_from,
            own_to=own_to,
            amount=amount,
        )


def in_currency(amount: float, desk: Cash) -> int:
    """The nearest amount in the base currency that is a whole number of the desk's own."""
    return divide(round(amount), desk.rate) * desk.rate

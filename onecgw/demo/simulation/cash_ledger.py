"""The balances of cash desks and bank accounts, and every movement of money."""

from datetime import date
from typing import Final

from onecgw.demo.simulation.catalogue_entries import Cash
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.journal import Journal
from onecgw.demo.simulation.rounding import divide

# Transfers to a desk are made in thousands of its own currency.
_TRANSFER_STEP: Final = 1_000_00


class CashLedger:
    """The balance of every desk, in hundredths of its own currency."""

    def __init__(self, *, company: Company, journal: Journal) -> None:
        self._company = company
        self._operations = {one.label: one.id for one in company.operations}
        self._journal = journal
        self.own = {desk.id: 0 for desk in company.cash}

    def balance(self, desk: Cash) -> int:
        """What a desk holds, in kopecks of the base currency."""
        return self.own[desk.id] * desk.rate

    def take_in(
        self, day: date, desk: Cash, *, amount: int, operation: str, partner: int | None = None
    ) -> None:
        """Money comes in; `amount` in the base currency is a whole number of the desk's own."""
        self.own[desk.id] += amount // desk.rate
        self._journal.write(
            "cash_documents",
            day,
            operation=self._operations[operation],
            cash=desk.id,
            direction="in",
            own=amount // desk.rate,
            amount=amount,
            partner=partner,
        )

    def pay_out(
        self,
        day: date,
        desk: Cash,
        *,
        amount: int,
        operation: str,
        partner: int | None = None,
        cost_article: int | None = None,
    ) -> None:
        """Money goes out; a desk with too little in it is filled up first."""
        self._fill_up(day, desk, amount)
        self.own[desk.id] -= amount // desk.rate
        self._journal.write(
            "cash_documents",
            day,
            operation=self._operations[operation],
            cash=desk.id,
            direction="out",
            own=amount // desk.rate,
            amount=amount,
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
        source = self._source_of(desk)
        if missing <= 0 or source is None:
            return
        own = (missing // _TRANSFER_STEP + 2) * _TRANSFER_STEP
        self._fill_up(day, source, own * desk.rate)
        self._transfer(day, source, desk, own * desk.rate)

    def _source_of(self, desk: Cash) -> Cash | None:
        """Foreign cash comes from the foreign account, everything else from the bank."""
        if desk.purpose == "bank":
            return None
        return self._company.desk(desk.firm, "currency" if desk.purpose == "travel" else "bank")

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

"""What every part of the simulation works with."""

from random import Random

import attrs

from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.journal import Journal
from onecgw.demo.simulation.stock_ledger import StockLedger


@attrs.frozen(kw_only=True)
class Context:
    """The company, its time, its stock and its documents.

    rng: the one source of random numbers; the order of the draws decides what the books say.
    """

    rng: Random
    company: Company
    calendar: Calendar
    stock_ledger: StockLedger
    journal: Journal

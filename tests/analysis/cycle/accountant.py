"""The cycle once more, by a bookkeeper who has only the exported documents and a calendar.

It shares no code with the product: it walks through the CSV files of `onecgw demo --export` day by
day, knows no registers and no reports, and divides Decimals.
"""

import csv
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from math import lcm
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
PARTS = ("before", "now", "change", "days_effect", "volume_effect")
DIGITS = 60
MONTH_PARTS = lcm(28, 29, 30, 31)  # in which every month's days are whole numbers
# The operations of the cash documents that settle with customers, and with suppliers.
FROM_CUSTOMERS = {"Оплата від покупця", "Розничная выручка", "Повернення коштів покупцю"}
TO_SUPPLIERS = {"Оплата поставщику", "Повернення коштів від постачальника"}

Entries = list[tuple[date, tuple[str, str], Decimal]]


class Accountant:
    """Reads the documents once; `firm` restricts everything to one legal entity (its uuid)."""

    def __init__(self, folder: Path, firm: str | None = None) -> None:
        self._folder = folder
        self._firm = firm
        self._firm_of_warehouse = {
            row["uuid"]: row["firm_uuid"] for row in self._rows("warehouses")
        }
        self._firm_of_cash = {row["uuid"]: row["firm_uuid"] for row in self._rows("cash")}
        self._sold: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        self._bought: dict[date, Decimal] = defaultdict(Decimal)
        self._bought_net: dict[date, Decimal] = defaultdict(Decimal)
        self._stock: dict[date, Decimal] = defaultdict(Decimal)
        self._customers: Entries = []
        self._suppliers: Entries = []
        self._read_openings()
        self._read_sales()
        self._read_purchases()
        self._read_transfers()
        self._read_cash()
        self.balances = cache(self._balances)

    def _rows(self, table: str) -> Iterator[dict[str, str]]:
        with (self._folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

    def _is_mine(self, firm: str) -> bool:
        return self._firm is None or self._firm == firm

    def _move_stock(self, day: str, warehouse: str, cost: Decimal) -> None:
        if self._is_mine(self._firm_of_warehouse[warehouse]):
            self._stock[date.fromisoformat(day)] += cost

    def _owe(self, to: Entries, row: dict[str, str], partner: str, amount: Decimal) -> None:
        if self._is_mine(row["firm_uuid"]):
            to.append((date.fromisoformat(row["day"]), (row["firm_uuid"], row[partner]), amount))

    def _read_openings(self) -> None:
        for row in self._rows("opening_stock"):
            self._move_stock(row["day"], row["warehouse_uuid"], Decimal(row["cost"]))
        for row in self._rows("opening_receivables"):
            self._owe(self._customers, row, "customer_uuid", Decimal(row["amount"]))
        for row in self._rows("opening_payables"):
            self._owe(self._suppliers, row, "supplier_uuid", Decimal(row["amount"]))

    def _read_sales(self) -> None:
        documents = {row["id"]: row for row in self._rows("sales")}
        for line in self._rows("sale_lines"):
            sale = documents[line["sale"]]
            sign = -1 if sale["return_of"] else 1
            amount, cost = sign * Decimal(line["amount"]), sign * Decimal(line["cost"])
            self._move_stock(sale["day"], sale["warehouse_uuid"], -cost)
            self._owe(self._customers, sale, "customer_uuid", amount)
            if self._is_mine(sale["firm_uuid"]):
                day = self._sold[date.fromisoformat(sale["day"])]
                day[0] += amount
                day[1] += cost

    def _read_purchases(self) -> None:
        documents = {row["id"]: row for row in self._rows("purchases")}
        for line in self._rows("purchase_lines"):
            purchase = documents[line["purchase"]]
            sign = -1 if purchase["return_of"] else 1
            amount = sign * Decimal(line["amount"])
            net = amount - sign * Decimal(line["vat"])
            self._move_stock(purchase["day"], purchase["warehouse_uuid"], net)
            self._owe(self._suppliers, purchase, "supplier_uuid", amount)
            if self._is_mine(purchase["firm_uuid"]):
                self._bought[date.fromisoformat(purchase["day"])] += amount
                self._bought_net[date.fromisoformat(purchase["day"])] += net

    def _read_transfers(self) -> None:
        documents = {row["id"]: row for row in self._rows("stock_transfers")}
        for line in self._rows("stock_transfer_lines"):
            moved, cost = documents[line["transfer"]], Decimal(line["cost"])
            self._move_stock(moved["day"], moved["warehouse_from_uuid"], -cost)
            self._move_stock(moved["day"], moved["warehouse_to_uuid"], cost)

    def _read_cash(self) -> None:
        for row in self._rows("cash_documents"):
            paid = {**row, "firm_uuid": self._firm_of_cash[row["cash_uuid"]]}
            amount = Decimal(row["amount"]) * (1 if row["direction"] == "in" else -1)
            if row["operation"] in FROM_CUSTOMERS:
                self._owe(self._customers, paid, "partner_uuid", -amount)
            if row["operation"] in TO_SUPPLIERS:
                self._owe(self._suppliers, paid, "partner_uuid", amount)

    def _balances(self, day: date) -> dict[str, Decimal]:
        """What stood at the end of a day."""
        receivable, advance_received = _split(self._customers, day)
        payable, advance_paid = _split(self._suppliers, day)
        stock = sum((cost for when, cost in self._stock.items() if when <= day), Decimal(0))
        return {
            "stock": stock,
            "receivable": receivable,
            "advance_received": advance_received,
            "payable": payable,
            "advance_paid": advance_paid,
        }

    def _flows(self, days: list[date]) -> dict[str, Decimal]:
        return {
            "sales": sum((self._sold[day][0] for day in days if day in self._sold), Decimal(0)),
            "cost": sum((self._sold[day][1] for day in days if day in self._sold), Decimal(0)),
            "purchases": sum(
                (self._bought[day] for day in days if day in self._bought), Decimal(0)
            ),
        }

    def _vat(self, days: list[date]) -> tuple[Decimal, Decimal] | None:
        """What was bought with VAT and without it; None where nothing was."""
        with_vat = sum((self._bought[day] for day in days if day in self._bought), Decimal(0))
        net = sum((self._bought_net[day] for day in days if day in self._bought_net), Decimal(0))
        return (with_vat, net) if with_vat > 0 and net > 0 else None

    def _measure(
        self, days: list[date], *, basis: str, dpo_base: str, vat: tuple[Decimal, Decimal]
    ) -> dict[str, tuple[Decimal, Decimal]]:
        """Ratio → balance and flow."""
        used = self.balances(days[-1]) if basis == "closing" else self._mean(days)
        flows = self._flows(days)
        with_vat, net = vat
        bought = flows["cost"] * with_vat / net if dpo_base == "cogs" else flows["purchases"]
        return {
            "dio": (used["stock"], flows["cost"]),
            "dso": (used["receivable"], flows["sales"]),
            "dpo": (used["payable"], bought),
            "advance_days_received": (used["advance_received"], flows["sales"]),
            "advance_days_paid": (used["advance_paid"], bought),
        }

    def _mean(self, days: list[date]) -> dict[str, Decimal]:
        """Each day counts 1/(days of its month), with the mean of its month's two ends."""
        weights, sums = 0, defaultdict[str, Decimal](Decimal)
        for month in _by_month(days):
            before, after = self.balances(month[0] - DAY), self.balances(month[-1])
            weight = len(month) * MONTH_PARTS // monthrange(month[0].year, month[0].month)[1]
            weights += weight
            for series, balance in after.items():
                sums[series] += weight * (before[series] + balance) / 2
        return {series: total / weights for series, total in sums.items()}

    def answer(
        self,
        first: date,
        last: date,
        before: tuple[date, date],
        *,
        basis: str,
        dpo_base: str,
    ) -> dict[str, Any]:
        """What the tool must say of the period first to last and of the period before it."""
        with localcontext(prec=DIGITS):
            days, days_before = _days(first, last), _days(*before)
            vat, vat_before = self._vat(days), self._vat(days_before)
            if vat is None or vat_before is None:
                vat = vat_before = (Decimal(1), Decimal(1))
            now = self._measure(days, basis=basis, dpo_base=dpo_base, vat=vat)
            old = self._measure(days_before, basis=basis, dpo_base=dpo_base, vat=vat_before)
            figures, figures_before = _ratios(now, len(days)), _ratios(old, len(days_before))
            changes = {name: _minus(figures[name], figures_before[name]) for name in figures}
            return {
                "summary": _tenths(figures),
                "previous": _tenths(figures_before),
                "change": _tenths(changes),
                "driver": _driver(changes),
                "bridge": [
                    step
                    for name in ("dio", "dso", "dpo")
                    if (step := _step(name, now, old, len(days), len(days_before))) is not None
                ],
                "working_capital": _working_capital(now, old, len(days), len(days_before)),
                "terms": {
                    name: (_kopecks(balance), _kopecks(flow))
                    for name, (balance, flow) in now.items()
                },
                "months": [
                    _tenths(
                        _ratios(
                            self._measure(month, basis=basis, dpo_base=dpo_base, vat=vat),
                            len(month),
                        )
                    )
                    for month in _by_month(days)
                ],
            }


def _split(entries: Entries, day: date) -> tuple[Decimal, Decimal]:
    """Debts and advances: the balances above and below zero of each pair of firm and partner."""
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for when, pair, amount in entries:
        if when <= day:
            balances[pair] += amount
    debts = sum((balance for balance in balances.values() if balance > 0), Decimal(0))
    advances = -sum((balance for balance in balances.values() if balance < 0), Decimal(0))
    return debts, advances


def _days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def _by_month(days: list[date]) -> list[list[date]]:
    months: dict[tuple[int, int], list[date]] = defaultdict(list)
    for day in days:
        months[day.year, day.month].append(day)
    return list(months.values())


def _ratios(measured: dict[str, tuple[Decimal, Decimal]], days: int) -> dict[str, Decimal | None]:
    figures: dict[str, Decimal | None] = {
        name: balance * days / flow if flow > 0 else None
        for name, (balance, flow) in measured.items()
    }
    figures["ccc"] = figures["ccc_net"] = None
    dio, dso, dpo = figures["dio"], figures["dso"], figures["dpo"]
    received, paid = figures["advance_days_received"], figures["advance_days_paid"]
    if dio is not None and dso is not None and dpo is not None:
        figures["ccc"] = dio + dso - dpo
        if received is not None and paid is not None:
            figures["ccc_net"] = dio + dso - dpo - received + paid
    return figures


def _minus(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    return None if new is None or old is None else new - old


def _driver(changes: dict[str, Decimal | None]) -> str | None:
    dio, dso, dpo, ccc = (changes[name] for name in ("dio", "dso", "dpo", "ccc"))
    if dio is None or dso is None or dpo is None or not ccc:
        return None
    pushes = {"dio": dio / ccc, "dso": dso / ccc, "dpo": -dpo / ccc}
    return max(pushes, key=lambda name: pushes[name])


def _step(
    name: str,
    now: dict[str, tuple[Decimal, Decimal]],
    old: dict[str, tuple[Decimal, Decimal]],
    days: int,
    days_before: int,
) -> dict[str, Any] | None:
    (balance, flow), (balance_before, flow_before) = now[name], old[name]
    if flow <= 0 or flow_before <= 0:
        return None
    by_balance = (balance - balance_before) * days_before / flow_before
    by_flow = balance * days / flow - balance * days_before / flow_before
    return {
        "component": name,
        "balance_effect": _tenth(by_balance),
        "flow_effect": _tenth(by_flow),
    }


def _working_capital(
    now: dict[str, tuple[Decimal, Decimal]],
    old: dict[str, tuple[Decimal, Decimal]],
    days: int,
    days_before: int,
) -> dict[str, dict[str, Decimal | None]]:
    """Each balance before and now, and what of its change longer days made, in kopecks."""
    figures: dict[str, dict[str, Decimal | None]] = {}
    sums: dict[str, Decimal | None] = dict.fromkeys(PARTS, Decimal(0))
    for name, series, sign in (
        ("dio", "stock", 1),
        ("dso", "receivable", 1),
        ("dpo", "payable", -1),
    ):
        (balance, flow), (balance_before, flow_before) = now[name], old[name]
        before, after = _kopecks(balance_before), _kopecks(balance)
        by_days = None
        if flow > 0 and flow_before > 0:
            # A₁ − r₀f₁, which is (r₁ − r₀) × f₁
            by_days = _kopecks(balance - balance_before * days_before * flow / (flow_before * days))
        change = after - before
        by_volume = None if by_days is None else change - by_days
        figures[series] = dict(zip(PARTS, (before, after, change, by_days, by_volume), strict=True))
        for part, value in figures[series].items():
            known = sums[part]
            sums[part] = None if known is None or value is None else known + sign * value
    return {**figures, "total": sums}


def _tenths(values: dict[str, Decimal | None]) -> dict[str, Decimal | None]:
    return {name: None if value is None else _tenth(value) for name, value in values.items()}


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _kopecks(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)

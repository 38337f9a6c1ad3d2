"""Ageing, cover and margin once more, by an accountant who has only the exported documents.

It shares no code with the product: it reads the CSV files of `onecgw demo --export`, knows no
registers and no reports, and adds up line by line.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import attrs

DIGITS = 60
KOPECK, THOUSANDTH, TENTH = Decimal("0.01"), Decimal("0.001"), Decimal("0.1")
FROM_CUSTOMERS = {"Оплата від покупця", "Розничная выручка", "Повернення коштів покупцю"}
TO_SUPPLIERS = {"Оплата поставщику", "Повернення коштів від постачальника"}
NOTHING = Decimal(0)

Ids = tuple[str, ...] | None


@attrs.frozen(kw_only=True)
class Line:
    """A line of a sale or a purchase; a return has a minus everywhere."""

    day: date
    firm: str
    warehouse: str
    partner: str
    channel: str
    product: str
    qty: Decimal
    amount: Decimal
    vat: Decimal
    cost: Decimal


@attrs.frozen(kw_only=True)
class Owed:
    """A change of what a partner owes to a firm, or a firm to a partner."""

    day: date
    firm: str
    partner: str
    amount: Decimal


@attrs.frozen(kw_only=True)
class Moved:
    """A change of the stock of a product."""

    day: date
    warehouse: str
    product: str
    qty: Decimal
    cost: Decimal


class Accountant:
    """Reads the documents once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.firm_of = {row["uuid"]: row["firm_uuid"] for row in self.rows("warehouses")}
        self.parent_of = {
            row["uuid"]: row["parent_uuid"]
            for table in ("partners", "products", "channels")
            for row in self.rows(table)
        }
        self.partners = [row["uuid"] for row in self.rows("partners")]
        self.channels = [row["uuid"] for row in self.rows("channels")]
        self.firms = [row["uuid"] for row in self.rows("firms")]
        self.sales = list(self._lines("sales", "sale", "customer_uuid"))
        self.purchases = list(self._lines("purchases", "purchase", "supplier_uuid"))
        self.moves = list(self._moves())
        self.owed = {
            "receivable": list(self._owed("receivables", self.sales, FROM_CUSTOMERS, -1)),
            "payable": list(self._owed("payables", self.purchases, TO_SUPPLIERS, 1)),
        }

    def rows(self, table: str) -> Iterator[dict[str, str]]:
        """The lines of an exported table."""
        with (self._folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

    def _lines(self, documents: str, line: str, partner: str) -> Iterator[Line]:
        heads = {row["id"]: row for row in self.rows(documents)}
        for row in self.rows(f"{line}_lines"):
            head = heads[row[line]]
            sign = -1 if head["return_of"] else 1
            amount, vat = sign * Decimal(row["amount"]), sign * Decimal(row["vat"])
            yield Line(
                day=date.fromisoformat(head["day"]),
                firm=head["firm_uuid"],
                warehouse=head["warehouse_uuid"],
                partner=head[partner],
                channel=head.get("channel_uuid", ""),
                product=row["product_uuid"],
                qty=sign * Decimal(row["qty"]),
                amount=amount,
                vat=vat,
                cost=sign * Decimal(row["cost"]) if "cost" in row else amount - vat,
            )

    def _moves(self) -> Iterator[Moved]:
        for row in self.rows("opening_stock"):
            yield Moved(
                day=date.fromisoformat(row["day"]),
                warehouse=row["warehouse_uuid"],
                product=row["product_uuid"],
                qty=Decimal(row["qty"]),
                cost=Decimal(row["cost"]),
            )
        for lines, sign in ((self.sales, -1), (self.purchases, 1)):
            for line in lines:
                yield Moved(
                    day=line.day,
                    warehouse=line.warehouse,
                    product=line.product,
                    qty=sign * line.qty,
                    cost=sign * line.cost,
                )
        heads = {row["id"]: row for row in self.rows("stock_transfers")}
        for row in self.rows("stock_transfer_lines"):
            head = heads[row["transfer"]]
            for end, sign in (("warehouse_from_uuid", -1), ("warehouse_to_uuid", 1)):
                yield Moved(
                    day=date.fromisoformat(head["day"]),
                    warehouse=head[end],
                    product=row["product_uuid"],
                    qty=sign * Decimal(row["qty"]),
                    cost=sign * Decimal(row["cost"]),
                )

    def _owed(
        self, opening: str, lines: list[Line], operations: set[str], sign: int
    ) -> Iterator[Owed]:
        partner = "customer_uuid" if opening == "receivables" else "supplier_uuid"
        for row in self.rows(f"opening_{opening}"):
            yield Owed(
                day=date.fromisoformat(row["day"]),
                firm=row["firm_uuid"],
                partner=row[partner],
                amount=Decimal(row["amount"]),
            )
        for line in lines:
            yield Owed(day=line.day, firm=line.firm, partner=line.partner, amount=line.amount)
        firm_of_desk = {row["uuid"]: row["firm_uuid"] for row in self.rows("cash")}
        for row in self.rows("cash_documents"):
            if row["operation"] in operations:
                paid = Decimal(row["amount"]) * (1 if row["direction"] == "in" else -1)
                yield Owed(
                    day=date.fromisoformat(row["day"]),
                    firm=firm_of_desk[row["cash_uuid"]],
                    partner=row["partner_uuid"],
                    amount=sign * paid,
                )

    def _is_among(self, uuid: str, wanted: Ids) -> bool:
        """Whether something is wanted, or lies in a wanted folder."""
        while wanted is not None and uuid:
            if uuid in wanted:
                return True
            uuid = self.parent_of.get(uuid, "")
        return wanted is None

    # What the tools must answer: by id, the cells behind it.

    def debts(self, side: str, day: date, *, partners: Ids, firms: Ids) -> dict[str, list[Any]]:
        """oldest_day, days, debt, four buckets, advance of each partner with a debt or advance."""
        balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for owed in self.owed[side]:
            if owed.day <= day and (firms is None or owed.firm in firms):
                balances[owed.partner, owed.firm] += owed.amount
        flows: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for line in self.sales if side == "receivable" else self.purchases:
            flows[line.partner, line.firm][(day - line.day).days] += line.amount
        found: dict[str, list[Any]] = {}
        for (partner, firm), balance in balances.items():
            if balance == 0 or not self._is_among(partner, partners):
                continue
            row = found.setdefault(partner, [0, [NOTHING] * 4, NOTHING])
            if balance < 0:
                row[2] -= balance
                continue
            left = balance
            for age in range(91):
                covered = min(left, max(flows[partner, firm][age], NOTHING))
                if covered > 0:
                    left -= covered
                    row[0] = max(row[0], age)
                    row[1][0 if age <= 30 else 1 if age <= 60 else 2] += covered
            if left > 0:
                row[0] = 1000  # older than can be seen
                row[1][3] += left
        return {
            partner: [
                *self._age(age, day, buckets),
                sum(buckets, NOTHING),
                *buckets,
                advance,
            ]
            for partner, (age, buckets, advance) in found.items()
        }

    @staticmethod
    def _age(age: int, day: date, buckets: list[Decimal]) -> tuple[str | None, int | None]:
        if age > 90 or not any(buckets):
            return None, None
        return (day - timedelta(days=age)).isoformat(), age

    def cover(self, day: date, days: int, *, warehouses: Ids, firms: Ids) -> dict[str, list[Any]]:
        """The bucket, then month of the last sale, qty, amount, daily sales, cover, sold amount."""

        def is_meant(warehouse: str, firm: str) -> bool:
            return (warehouses is None or warehouse in warehouses) and (
                firms is None or firm in firms
            )

        stock: dict[str, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
        for move in self.moves:
            if move.day <= day and is_meant(move.warehouse, self.firm_of[move.warehouse]):
                stock[move.product][0] += move.qty
                stock[move.product][1] += move.cost
        sold: dict[str, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
        months: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for line in self.sales:
            if day - timedelta(days=days) < line.day <= day and is_meant(line.warehouse, line.firm):
                sold[line.product][0] += line.qty
                sold[line.product][1] += line.amount
                months[line.product][f"{line.day:%Y-%m}"] += line.qty
        there = {product for product, figures in stock.items() if any(figures)}
        found = {}
        for product in there | set(sold):
            qty, amount = stock[product] if product in there else (NOTHING, NOTHING)
            sold_qty, sold_amount = sold[product]
            with localcontext(prec=DIGITS):
                daily = (sold_qty / days).quantize(THOUSANDTH, ROUND_HALF_UP)
                lasts = qty * days / sold_qty if sold_qty > 0 and qty > 0 else None
            found[product] = [
                _bucket(qty, sold_qty, lasts),
                max((month for month, n in months[product].items() if n > 0), default=None),
                qty,
                amount,
                daily,
                None if lasts is None else lasts.quantize(TENTH, ROUND_HALF_UP),
                sold_amount,
            ]
        return found

    def bridge(
        self,
        now: tuple[date, date],
        before: tuple[date, date],
        *,
        by: str,
        is_meant: Callable[[Line], bool],
    ) -> dict[str, list[Decimal]]:
        """Profit before and now, change, price, unit cost, volume and mix."""

        def add_up(first: date, last: date) -> dict[str, list[Decimal]]:
            sums: dict[str, list[Decimal]] = defaultdict(lambda: [NOTHING] * 3)
            for line in self.sales:
                if first <= line.day <= last and is_meant(line):
                    key = line.product if by == "product" else self.parent_of[line.product]
                    for place, figure in enumerate((line.qty, line.amount - line.vat, line.cost)):
                        sums[key][place] += figure
            return sums

        later, earlier = add_up(*now), add_up(*before)
        all_now, all_before = (
            sum((figures[0] for figures in side.values()), NOTHING) for side in (later, earlier)
        )
        found = {}
        with localcontext(prec=DIGITS):
            for key in {*later, *earlier}:
                qty, revenue, cost = later.get(key, [NOTHING] * 3)
                old_qty, old_revenue, old_cost = earlier.get(key, [NOTHING] * 3)
                old, new = old_revenue - old_cost, revenue - cost
                price = unit_cost = NOTHING
                if qty > 0 and old_qty > 0:
                    # One division, at the end, or half a kopeck would be lost on the way.
                    price = _kopecks((revenue * old_qty - old_revenue * qty) / old_qty)
                    unit_cost = _kopecks((old_cost * qty - cost * old_qty) / old_qty)
                volume = (
                    _kopecks(old * (all_now - all_before) / all_before)
                    if all_before > 0
                    else NOTHING
                )
                mix = new - old - price - unit_cost - volume
                found[key] = [old, new, new - old, price, unit_cost, volume, mix]
        return found

    def is_meant(self, filters: Mapping[str, Ids]) -> Callable[[Line], bool]:
        """Whether a line of a sale fits filters of sales_report."""

        def fits(line: Line) -> bool:
            return (
                self._is_among(line.partner, filters.get("customer_ids"))
                and self._is_among(line.channel, filters.get("sales_channel_ids"))
                and self._is_among(line.warehouse, filters.get("warehouse_ids"))
                and self._is_among(line.firm, filters.get("firm_ids"))
            )

        return fits


def _bucket(qty: Decimal, sold: Decimal, lasts: Decimal | None) -> str:
    if qty < 0:
        return "negative"
    if qty == 0:
        return "out_of_stock" if sold > 0 else "no_quantity"
    if lasts is None:
        return "no_sale"
    return "low" if lasts < 7 else "enough"


def _kopecks(value: Decimal) -> Decimal:
    return value.quantize(KOPECK, ROUND_HALF_UP)

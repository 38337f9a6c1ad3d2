"""The same reports once more, slowly and obviously, in plain Python over the documents."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from onecgw.demo.simulation.text_folding import fold

Row = dict[str, Any]

CATALOGUES = (
    "firms",
    "warehouses",
    "partners",
    "products",
    "sellers",
    "channels",
    "cash",
    "operations",
    "cost_articles",
)
KINDS = ("partners", "cost_articles", "cash")
FILTERED_BY = {
    "customer_ids": "customer",
    "supplier_ids": "supplier",
    "warehouse_ids": "warehouse",
    "sales_channel_ids": "sales_channel",
    "firm_ids": "firm",
    "product_ids": "product",
    "cash_ids": "cash",
    "operation_ids": "operation",
    "seller_ids": "seller",
}
TIMES = ("day", "week", "month", "quarter", "year", "delivery_date")
SIGN = {"sale": 1, "return": -1}
KOPECK = Decimal("0.01")


class Reference:
    """Every fact of the books as a list of rows, and reports as loops over them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        self._db = db
        self.uuid: dict[tuple[str, int], str] = {}
        self.parent: dict[str, str | None] = {}
        self.created: dict[str, str] = {}
        self.firm_of: dict[str, str] = {}
        self.currency: dict[str, str] = {}
        self.rate: dict[str, int] = {}
        self.archived: set[str] = set()
        self.place: dict[str, tuple[int, str, str, str]] = {}
        for table in CATALOGUES:
            self._read_catalogue(table)
        self.sales = list(self._sales())
        self.purchases = list(self._purchases())
        self.stock = list(self._stock())
        self.cash_flow = list(self._cash_flow())
        self.cash_balance = list(self._cash_balance())
        self.receivables = list(self._receivables())
        self.payables = list(self._payables())
        self.goods_in_transit = list(self._goods_in_transit())
        (self.today,) = db.execute("SELECT value FROM facts WHERE name = 'today'").fetchone()
        db.row_factory = None

    def answer(self, report: str, body: Mapping[str, Any]) -> tuple[list[list[Any]], Row]:
        """The rows and the totals of a report."""
        found = self._availability(body) if report == "availability" else getattr(self, report)
        rows = [row for row in found if self._matches(report, row, body)]
        if report in ("receivables", "payables"):
            rows = self._balances(report, rows)
        dimensions = list(body["group_by"])
        if {"balance", "amount_in_currency"} & {*body["measures"]}:
            dimensions.append("currency")
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(row[name] for name in dimensions), []).append(row)
        lines = [
            [*key, *(MEASURES[report][name](group) for name in body["measures"])]
            for key, group in groups.items()
            if self._is_shown(report, group)
        ]
        names = [*dimensions, *body["measures"]]
        self._sort(lines, names, dimensions, body)
        totals = {name: MEASURES[report][name](rows) for name in body["measures"]}
        own = {"balance", "amount_in_currency"} & totals.keys()
        if own and len({row["currency"] for row in rows}) > 1:
            totals |= dict.fromkeys(own)  # a sum of several currencies means nothing
        return lines[: body.get("top")], totals

    # What happened, document by document.

    def _sales(self) -> Iterator[Row]:
        period = ("day", "week", "month")
        for line in self._db.execute(
            "SELECT *, sales.id AS document FROM sale_lines JOIN sales ON sales.id = sale"
        ):
            kind = "sale" if line["return_of"] is None else "return"
            customer = self.uuid["partners", line["customer"]]
            product = self.uuid["products", line["product"]]
            yield {
                **dict(zip(period, _periods(line["day"]), strict=True)),
                "document": line["document"],
                "kind": kind,
                "firm": self.uuid["firms", line["firm"]],
                "warehouse": self.uuid["warehouses", line["warehouse"]],
                "customer": customer,
                **_long_periods(line["day"]),
                "customer_group": self.parent[customer],
                "customer_parent": self._top(customer),
                "product": product,
                "product_group": self.parent[product],
                "product_parent": self._top(product),
                "channel_parent": self._top(self.uuid["channels", line["channel"]]),
                "seller": self.uuid["sellers", line["seller"]],
                "sales_channel": self.uuid["channels", line["channel"]],
                "qty": SIGN[kind] * _qty(line["qty"]),
                "amount": SIGN[kind] * _money(line["amount"]),
                "vat": SIGN[kind] * _money(line["vat"]),
                "cost": SIGN[kind] * _money(line["cost"]),
            }

    def _purchases(self) -> Iterator[Row]:
        for line in self._db.execute(
            "SELECT * FROM purchase_lines JOIN purchases ON purchases.id = purchase"
        ):
            sign = 1 if line["return_of"] is None else -1
            day, week, month = _periods(line["day"])
            product = self.uuid["products", line["product"]]
            yield {
                "day": day,
                "week": week,
                "month": month,
                "currency": self.currency[self.uuid["firms", line["firm"]]],
                "firm": self.uuid["firms", line["firm"]],
                "warehouse": self.uuid["warehouses", line["warehouse"]],
                "supplier": self.uuid["partners", line["supplier"]],
                "product": product,
                "product_group": self.parent[product],
                "qty": sign * _qty(line["qty"]),
                "amount": sign * _money(line["amount"]),
                "vat": sign * _money(line["vat"]),
            }

    def _stock(self) -> Iterator[Row]:
        def change(row: Row, qty: Decimal, cost: Decimal) -> Row:
            return {
                "day": row["day"],
                "warehouse": row["warehouse"],
                "firm": self.firm_of[row["warehouse"]],
                "product": row["product"],
                "product_group": self.parent[row["product"]],
                "qty": qty,
                "amount": cost,
            }

        for line in self._db.execute("SELECT * FROM opening_stock"):
            warehouse = self.uuid["warehouses", line["warehouse"]]
            product = self.uuid["products", line["product"]]
            row = {"day": line["day"], "warehouse": warehouse, "product": product}
            yield change(row, _qty(line["qty"]), _money(line["cost"]))
        for row in self.purchases:
            yield change(row, row["qty"], row["amount"] - row["vat"])
        for row in self.sales:
            yield change(row, -row["qty"], -row["cost"])
        for line in self._db.execute(
            "SELECT * FROM stock_transfer_lines JOIN stock_transfers ON id = transfer"
        ):
            for place, sign in (("warehouse_from", -1), ("warehouse_to", 1)):
                warehouse = self.uuid["warehouses", line[place]]
                product = self.uuid["products", line["product"]]
                row = {"day": line["day"], "warehouse": warehouse, "product": product}
                yield change(row, sign * _qty(line["qty"]), sign * _money(line["cost"]))

    def _goods_in_transit(self) -> Iterator[Row]:
        for line in self._db.execute(
            "SELECT * FROM shipment_lines JOIN shipments ON shipments.id = shipment"
        ):
            product = self.uuid["products", line["product"]]
            firm = self.uuid["firms", line["firm"]]
            yield {
                "day": line["day"],
                "delivery_date": line["delivery_date"],
                "document": line["number"],
                "firm": firm,
                "currency": self.currency[firm],
                "warehouse": self.uuid["warehouses", line["warehouse"]],
                "supplier": self.uuid["partners", line["supplier"]],
                "product": product,
                "product_group": self.parent[product],
                "qty": _qty(line["qty"]),
                "amount": _money(line["amount"]),
                "amount_in_currency": _money(line["own"]),
            }

    def _top(self, uuid: str) -> str:
        """The highest folder above something."""
        while (above := self.parent[uuid]) is not None:
            uuid = above
        return uuid

    def _availability(self, body: Mapping[str, Any]) -> Iterator[Row]:
        """Every product in every warehouse on every day of a period, one row per week."""
        changes: dict[tuple[str, str], dict[str, Decimal]] = {}
        for row in self.stock:
            by_day = changes.setdefault((row["warehouse"], row["product"]), {})
            by_day[row["day"]] = by_day.get(row["day"], Decimal(0)) + row["qty"]
        period = body["period"]
        for (warehouse, product), by_day in changes.items():
            qty = Decimal(0)
            weeks: dict[str, Row] = {}
            day = date.fromisoformat(min(by_day))
            while day.isoformat() <= min(period["to"], self.today):
                qty += by_day.get(day.isoformat(), 0)
                if period["from"] <= day.isoformat():
                    monday = _periods(day.isoformat())[1]
                    nothing = {"days": 0, "oos_days": 0, "qty_days": Decimal(0)}
                    week = weeks.setdefault(monday, {"day": day.isoformat(), **nothing})
                    week["days"] += 1
                    week["oos_days"] += qty <= 0
                    week["qty_days"] += qty
                day += timedelta(days=1)
            for monday, sums in weeks.items():
                yield {
                    "week": monday,
                    "warehouse": warehouse,
                    "product": product,
                    "product_group": self.parent[product],
                    **sums,
                }

    def _cash_flow(self) -> Iterator[Row]:
        def movement(
            line: sqlite3.Row,
            cash: int,
            operation: str,
            analytics: Any,
            cash_article: str | None = None,
        ) -> Row:
            day, week, month = _periods(line["day"])
            desk = self.uuid["cash", cash]
            amount = _money(line["amount"])
            is_in = operation in INFLOWS
            return {
                "day": day,
                "week": week,
                "month": month,
                "account": desk,
                "cash": desk,
                "firm": self.firm_of[desk],
                "operation": self.operations[operation],
                "analytics": analytics,
                "is_transfer": cash_article is None and analytics in self.currency,
                "cost_article_parent": self._top(cash_article) if cash_article else None,
                "inflow": amount if is_in else Decimal(0),
                "outflow": Decimal(0) if is_in else amount,
            }

        self.operations = {
            line["label"]: line["uuid"] for line in self._db.execute("SELECT * FROM operations")
        }
        label_of = {uuid: label for label, uuid in self.operations.items()}
        for line in self._db.execute("SELECT * FROM cash_documents"):
            operation = label_of[self.uuid["operations", line["operation"]]]
            partner, article = line["partner"], line["cost_article"]
            assert (partner is None) != (article is None)
            assert (line["direction"] == "in") == (operation in INFLOWS)
            analytics = (
                self.uuid["cost_articles", article]
                if partner is None
                else self.uuid["partners", partner]
            )
            yield movement(
                line,
                line["cash"],
                operation,
                analytics,
                None if article is None else self.uuid["cost_articles", article],
            )
        for line in self._db.execute("SELECT * FROM cash_transfers"):
            source, target = line["cash_from"], line["cash_to"]
            out, into = "Перемещение денег: расход", "Перемещение денег: приход"
            yield movement(line, source, out, self.uuid["cash", target])
            yield movement(line, target, into, self.uuid["cash", source])

    def _cash_balance(self) -> Iterator[Row]:
        def change(line: sqlite3.Row, cash: int, own: int) -> Row:
            desk = self.uuid["cash", cash]
            return {
                "day": line["day"],
                "cash": desk,
                "firm": self.firm_of[desk],
                "currency": self.currency[desk],
                "balance": _money(own),
                "balance_base": _money(own * self.rate[desk]),
            }

        for line in self._db.execute("SELECT * FROM opening_cash"):
            yield change(line, line["cash"], line["own"])
        for line in self._db.execute("SELECT * FROM cash_documents"):
            sign = 1 if line["direction"] == "in" else -1
            yield change(line, line["cash"], sign * line["own"])
        for line in self._db.execute("SELECT * FROM cash_transfers"):
            yield change(line, line["cash_from"], -line["own_from"])
            yield change(line, line["cash_to"], line["own_to"])

    def _receivables(self) -> Iterator[Row]:
        for line in self._db.execute("SELECT * FROM opening_receivables"):
            yield {
                "day": line["day"],
                "firm": self.uuid["firms", line["firm"]],
                "customer": self.uuid["partners", line["customer"]],
                "amount": _money(line["amount"]),
            }
        for row in self.sales:
            yield {name: row[name] for name in ("day", "firm", "customer", "amount")}
        yield from self._paid("customer", 1)

    def _payables(self) -> Iterator[Row]:
        for line in self._db.execute("SELECT * FROM opening_payables"):
            yield {
                "day": line["day"],
                "firm": self.uuid["firms", line["firm"]],
                "supplier": self.uuid["partners", line["supplier"]],
                "amount": _money(line["amount"]),
            }
        for row in self.purchases:
            yield {name: row[name] for name in ("day", "firm", "supplier", "amount")}
        yield from self._paid("supplier", -1)

    def _paid(self, partner: str, sign: int) -> Iterator[Row]:
        operations = {self.operations[label] for label in PAYMENTS[partner]}
        for row in self.cash_flow:
            if row["operation"] in operations:
                yield {
                    "day": row["day"],
                    "firm": row["firm"],
                    partner: row["analytics"],
                    "amount": sign * (row["outflow"] - row["inflow"]),
                }

    # How a report looks at it.

    def _matches(self, report: str, row: Row, body: Mapping[str, Any]) -> bool:
        if "period" in body:
            if not body["period"]["from"] <= row["day"] <= body["period"]["to"]:
                return False
            if report == "sales":
                month = date.fromisoformat(body["period"]["from"]).replace(day=1)
                known_from = (month - timedelta(days=1)).replace(day=1).isoformat()
                is_new = self.created[row["customer"]] >= known_from
                row["cohort"] = "new" if is_new else "returning"
        elif row["day"] > body["date"] or row.get("delivery_date", "9999") <= body["date"]:
            return False
        filters = body.get("filters", {})
        either = [
            self._is_among(row["analytics"], filters[name])
            for name in ("cost_article_ids", "customer_ids")
            if report == "cash_flow" and name in filters
        ]
        plain = [
            self._is_among(row[FILTERED_BY[name]], value)
            for name, value in filters.items()
            if name in FILTERED_BY and not (report == "cash_flow" and name == "customer_ids")
        ]
        chosen = [
            "customer_cohort" not in filters or row["cohort"] == filters["customer_cohort"],
            "product_status" not in filters
            or (row["product"] in self.archived) == (filters["product_status"] == "archived"),
            filters.get("own_transfers") != "exclude" or not row["is_transfer"],
        ]
        return (any(either) or not either) and all(plain) and all(chosen)

    def _is_among(self, uuid: str | None, wanted: Sequence[str]) -> bool:
        """Whether something is what is wanted, or lies in a wanted folder."""
        while uuid is not None:
            if uuid in wanted:
                return True
            uuid = self.parent[uuid]
        return False

    def _balances(self, report: str, rows: list[Row]) -> list[Row]:
        partner = {"receivables": "customer", "payables": "supplier"}[report]
        balances: dict[tuple[str, str], Decimal] = {}
        for row in rows:
            key = (row["firm"], row[partner])
            balances[key] = balances.get(key, Decimal(0)) + row["amount"]
        return [
            {"firm": firm, partner: who, "balance": balance}
            for (firm, who), balance in balances.items()
        ]

    def _is_shown(self, report: str, group: list[Row]) -> bool:
        if report == "stock":
            return any(sum(row[name] for row in group) != 0 for name in ("qty", "amount"))
        if report in ("receivables", "payables"):
            return any(row["balance"] != 0 for row in group)
        return True

    def _sort(
        self,
        lines: list[list[Any]],
        names: Sequence[str],
        dimensions: Sequence[str],
        body: Mapping[str, Any],
    ) -> None:
        """Python's sort is stable: the last key first."""
        times = [name for name in dimensions if name in TIMES]
        default = [*((name, "asc") for name in times), (body["measures"][0], "desc")]
        sort_keys = [(key["field"], key["dir"]) for key in body.get("sort", [])]
        keys = [*(sort_keys or default), *((name, "asc") for name in dimensions)]
        for name, direction in reversed(keys):
            place = names.index(name)
            # Nothing stands last, whatever the direction.
            known = [line for line in lines if line[place] is not None]
            known.sort(key=lambda line: self._sort_key(line[place]), reverse=direction == "desc")
            lines[:] = [*known, *(line for line in lines if line[place] is None)]

    def _sort_key(self, value: Any) -> Any:
        return self.place.get(value, value)

    def _read_catalogue(self, table: str) -> None:
        entries = list(self._db.execute(f"SELECT * FROM {table} ORDER BY id"))  # noqa: S608 - a name above
        for entry in entries:
            uuid = entry["uuid"]
            self.uuid[table, entry["id"]] = uuid
            # Analytics are of three kinds, in this order.
            kind = KINDS.index(table) if table in KINDS else 0
            self.place[uuid] = (kind, fold(entry["label"]), entry["label"], uuid)
        for entry in entries:
            parent = entry["parent"]
            self.parent[entry["uuid"]] = None if parent is None else self.uuid[table, parent]
            columns = entry.keys()
            if "created" in columns:
                self.created[entry["uuid"]] = entry["created"]
            if "firm" in columns:
                self.firm_of[entry["uuid"]] = self.uuid["firms", entry["firm"]]
            if entry["archived"]:
                self.archived.add(entry["uuid"])
            if table in ("cash", "firms"):
                self.currency[entry["uuid"]] = entry["currency"]
                self.rate[entry["uuid"]] = entry["rate"]


INFLOWS = {
    "Оплата від покупця",
    "Розничная выручка",
    "Повернення коштів від постачальника",
    "Перемещение денег: приход",
}
PAYMENTS = {
    "customer": ("Оплата від покупця", "Розничная выручка", "Повернення коштів покупцю"),
    "supplier": ("Оплата поставщику", "Повернення коштів від постачальника"),
}


def _periods(day: str) -> tuple[str, str, str]:
    """A day, the Monday of its week and the first of its month."""
    found = date.fromisoformat(day)
    monday = found - timedelta(days=found.weekday())
    return day, monday.isoformat(), found.replace(day=1).isoformat()


def _long_periods(day: str) -> Row:
    """The first day of its quarter and of its year, and the number of its weekday."""
    found = date.fromisoformat(day)
    first_month = {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7}.get(found.month, 10)
    return {
        "quarter": date(found.year, first_month, 1).isoformat(),
        "year": f"{found.year}-01-01",
        "weekday": str(found.isoweekday()),
    }


def _money(kopecks: int) -> Decimal:
    return Decimal(kopecks) / 100


def _qty(thousandths: int) -> Decimal:
    return Decimal(thousandths) / 1000


def _total(name: str) -> Callable[[list[Row]], Decimal]:
    return lambda rows: sum((row[name] for row in rows), Decimal(0))


def _without_vat(rows: list[Row]) -> Decimal:
    return sum((row["amount"] - row["vat"] for row in rows), Decimal(0))


def _returned(rows: list[Row]) -> Decimal:
    return sum((-row["amount"] for row in rows if row["kind"] == "return"), Decimal(0))


def _receipts(rows: list[Row]) -> int:
    return len({row["document"] for row in rows if row["kind"] == "sale"})


def _average_check(rows: list[Row]) -> Decimal | None:
    return _divide(_total("amount")(rows), Decimal(_receipts(rows)))


def _customers(rows: list[Row]) -> int:
    return len({row["customer"] for row in rows if row["kind"] == "sale"})


def _profit(rows: list[Row]) -> Decimal:
    return sum((row["amount"] - row["vat"] - row["cost"] for row in rows), Decimal(0))


def _margin(rows: list[Row]) -> Decimal | None:
    without_vat = sum((row["amount"] - row["vat"] for row in rows), Decimal(0))
    return _divide(_profit(rows) * 100, without_vat)


def _divide(numerator: Decimal, denominator: Decimal, unit: Decimal = KOPECK) -> Decimal | None:
    if denominator == 0:
        return None
    return (numerator / denominator).quantize(unit, ROUND_HALF_UP)


def _count(name: str) -> Callable[[list[Row]], int]:
    return lambda rows: sum(row[name] for row in rows)


def _availability_pct(rows: list[Row]) -> Decimal | None:
    days = Decimal(_count("days")(rows))
    return _divide((days - _count("oos_days")(rows)) * 100, days)


def _average_qty(rows: list[Row]) -> Decimal | None:
    days = Decimal(_count("days")(rows))
    return _divide(_total("qty_days")(rows), days, Decimal("0.001"))


def _debts(rows: list[Row]) -> Decimal:
    return sum((max(row["balance"], Decimal(0)) for row in rows), Decimal(0))


def _advances(rows: list[Row]) -> Decimal:
    return sum((max(-row["balance"], Decimal(0)) for row in rows), Decimal(0))


MEASURES: dict[str, dict[str, Callable[[list[Row]], Any]]] = {
    "sales": {
        "amount": _total("amount"),
        "amount_net": _without_vat,
        "returns": _returned,
        "qty": _total("qty"),
        "receipts": _receipts,
        "avg_check": _average_check,
        "customers": _customers,
        "cost": _total("cost"),
        "profit": _profit,
        "margin": _margin,
    },
    "stock": {"qty": _total("qty"), "amount": _total("amount")},
    "cash_balance": {"balance": _total("balance"), "balance_base": _total("balance_base")},
    "cash_flow": {
        "inflow": _total("inflow"),
        "outflow": _total("outflow"),
        "net": lambda rows: _total("inflow")(rows) - _total("outflow")(rows),
    },
    "receivables": {"receivable": _debts, "advance": _advances, "net": _total("balance")},
    "payables": {"payable": _debts, "advance": _advances, "net": _total("balance")},
    "purchases": {
        "amount": _total("amount"),
        "amount_net": _without_vat,
        "qty": _total("qty"),
    },
    "goods_in_transit": {
        "qty": _total("qty"),
        "amount": _total("amount"),
        "amount_in_currency": _total("amount_in_currency"),
    },
    "availability": {
        "oos_days": _count("oos_days"),
        "days": _count("days"),
        "availability_pct": _availability_pct,
        "avg_qty": _average_qty,
    },
}

"""The journal: documents in the order they are written, numbered, on the way to SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date

# A line is a row of its table without the document: the product, its qty, then money.
SaleLine = tuple[int, int, int, int, int]
PurchaseLine = tuple[int, int, int, int]
TransferLine = tuple[int, int, int]


class Journal:
    """Collects documents and writes them to the database when told to."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[str, list[Sequence[object]]] = {}
        self._counters: dict[str, int] = {}

    def sale(
        self,
        *,
        day: date,
        firm: int,
        warehouse: int,
        customer: int,
        seller: int,
        channel: int,
        lines: Sequence[SaleLine],
        return_of: int | None = None,
    ) -> int:
        """A sale, or a return of one; returns its number."""
        number, code = self._next("sales", "ВЗ" if return_of else "РН")
        self._add(
            "sales",
            (number, day.isoformat(), code, return_of, firm, warehouse, customer, seller, channel),
        )
        self._extend("sale_lines", ((number, *line) for line in lines))
        return number

    def purchase(
        self,
        *,
        day: date,
        firm: int,
        warehouse: int,
        supplier: int,
        lines: Sequence[PurchaseLine],
        return_of: int | None = None,
    ) -> int:
        """A purchase, or a return of one; returns its number."""
        number, code = self._next("purchases", "ВП" if return_of else "ПН")
        self._add(
            "purchases", (number, day.isoformat(), code, return_of, firm, warehouse, supplier)
        )
        self._extend("purchase_lines", ((number, *line) for line in lines))
        return number

    def stock_transfer(
        self, *, day: date, source: int, target: int, lines: Sequence[TransferLine]
    ) -> None:
        """Goods go from one warehouse to another."""
        number, code = self._next("stock_transfers", "ПТ")
        self._add("stock_transfers", (number, day.isoformat(), code, source, target))
        self._extend("stock_transfer_lines", ((number, *line) for line in lines))

    def cash(
        self,
        *,
        day: date,
        operation: int,
        cash: int,
        direction: str,
        own: int,
        amount: int,
        partner: int | None = None,
        cost_article: int | None = None,
    ) -> None:
        """Money comes in or goes out."""
        number, code = self._next("cash_documents", "ДС")
        self._add(
            "cash_documents",
            (
                number,
                day.isoformat(),
                code,
                operation,
                cash,
                direction,
                own,
                amount,
                partner,
                cost_article,
            ),
        )

    def cash_transfer(
        self, *, day: date, source: int, target: int, own_from: int, own_to: int, amount: int
    ) -> None:
        """Money goes from one desk to another."""
        number, code = self._next("cash_transfers", "ПД")
        self._add(
            "cash_transfers",
            (number, day.isoformat(), code, source, target, own_from, own_to, amount),
        )

    def opening(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Opening balances of one kind."""
        self._extend(table, rows)

    def flush(self) -> None:
        """Write what has been collected since the last flush."""
        for table, rows in self._rows.items():
            if rows:
                places = ",".join("?" * len(rows[0]))
                self._db.executemany(
                    f"INSERT INTO {table} VALUES ({places})",  # noqa: S608 - our own table names
                    rows,
                )
                rows.clear()

    def _next(self, table: str, prefix: str) -> tuple[int, str]:
        number = self._counters.get(table, 0) + 1
        self._counters[table] = number
        return number, f"{prefix}-{number:07}"

    def _add(self, table: str, row: Sequence[object]) -> None:
        self._rows.setdefault(table, []).append(row)

    def _extend(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        self._rows.setdefault(table, []).extend(rows)

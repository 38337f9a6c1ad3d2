"""By how much FIFO count-back differs from ageing by documents: `python -m tests.bench.ageing`.

By documents: a return reduces the sale that it takes back, a payment settles the oldest open
documents of its partner and firm, and what is still open has the age of its document.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from onecgw.demo.books import open_books
from onecgw.demo.csv_export import export_books
from tests.analysis.accountant import FROM_CUSTOMERS, Accountant

NOTHING: Final = Decimal(0)
LAST_DAYS: Final = (30, 60, 90)


def main() -> None:
    """Print both ageings and their difference."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", default="default", choices=["small", "default"])
    arguments.add_argument("--today", type=date.fromisoformat, default=date(2026, 10, 15))
    given = arguments.parse_args()
    with (
        open_books(
            size=given.size,
            today=given.today,
            cache_folder=None,
            progress=lambda _: None,
        ) as books,
        tempfile.TemporaryDirectory() as folder,
    ):
        export_books(books, Path(folder))
        accountant = Accountant(Path(folder))
        fifo = _buckets_by_fifo(accountant, given.today)
        documents = _buckets_by_documents(accountant, given.today)
    for name, one, other in zip(("0-30", "31-60", "61-90", "90+"), fifo, documents, strict=True):
        part = (one - other) / other * 100 if other else NOTHING
        print(f"{name:>6}  FIFO {one:>16,}  documents {other:>16,}  {part:+.2f} %")
    print(f"   all  FIFO {sum(fifo):>16,}  documents {sum(documents):>16,}")


def _buckets_by_fifo(accountant: Accountant, day: date) -> list[Decimal]:
    rows = accountant.debts("receivable", day, partners=None, firms=None).values()
    return [sum((row[place] for row in rows), NOTHING) for place in range(3, 7)]


def _buckets_by_documents(accountant: Accountant, day: date) -> list[Decimal]:
    buckets = [NOTHING] * 4
    for documents, paid in _open_documents(accountant, day):
        left = paid
        for when, amount in sorted(documents):
            settled = min(left, amount)
            left -= settled
            age = (day - when).days
            place = next((at for at, last in enumerate(LAST_DAYS) if age <= last), len(LAST_DAYS))
            buckets[place] += amount - settled
    return buckets


def _open_documents(
    accountant: Accountant, day: date
) -> Iterator[tuple[list[tuple[date, Decimal]], Decimal]]:
    """Of each partner and firm with a debt: the documents less their returns, and what was paid."""
    heads = {row["id"]: row for row in accountant.rows("sales")}
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for line in accountant.rows("sale_lines"):
        head = heads[line["sale"]]
        if date.fromisoformat(head["day"]) <= day:
            sign = -1 if head["return_of"] else 1
            amounts[head["return_of"] or head["id"]] += sign * Decimal(line["amount"])
    documents: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
    paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for number, amount in amounts.items():
        head = heads[number]
        key = (head["customer_uuid"], head["firm_uuid"])
        documents[key].append((date.fromisoformat(head["day"]), amount))
    for row in accountant.rows("opening_receivables"):
        key = (row["customer_uuid"], row["firm_uuid"])
        amount = Decimal(row["amount"])
        if amount > 0:
            documents[key].append((date.fromisoformat(row["day"]), amount))
        else:
            paid[key] -= amount
    firm_of = {row["uuid"]: row["firm_uuid"] for row in accountant.rows("cash")}
    for row in accountant.rows("cash_documents"):
        if row["operation"] in FROM_CUSTOMERS and date.fromisoformat(row["day"]) <= day:
            sign = 1 if row["direction"] == "in" else -1
            paid[row["partner_uuid"], firm_of[row["cash_uuid"]]] += sign * Decimal(row["amount"])
    for key, found in documents.items():
        if sum((amount for _, amount in found), NOTHING) > paid[key]:
            yield found, paid[key]


if __name__ == "__main__":
    main()

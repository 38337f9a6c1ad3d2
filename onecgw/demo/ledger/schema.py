"""The tables of the books: catalogues, documents as they were written, registers drawn from them.

Money is whole kopecks of the base currency (where a column says `own`: of the desk's currency),
quantities are whole thousandths of a unit, days are ISO dates. A reference to a catalogue is the
entry's id, and ids follow the order of labels.
"""

from collections.abc import Mapping
from typing import Final

from onecgw.demo.ledger.catalogues import CatalogueName

# What every catalogue has, and what some have besides.
_COMMON: Final = {
    "id": "INTEGER PRIMARY KEY",
    "uuid": "TEXT",
    "code": "TEXT",
    "label": "TEXT",
    "parent": "INT",
    "is_group": "INT",
    "archived": "INT",
}
_OWN: Final[Mapping[CatalogueName, Mapping[str, str]]] = {
    "firms": {"currency": "TEXT", "rate": "INT", "vat_percent": "INT"},
    "warehouses": {"firm": "INT", "restricted": "INT"},
    "partners": {"phone": "TEXT", "city": "TEXT", "created": "TEXT"},
    "products": {"unit": "TEXT"},
    "channels": {},
    "sellers": {"firm": "INT"},
    "cash": {"firm": "INT", "currency": "TEXT", "rate": "INT"},
    "cost_articles": {},
    "operations": {},
}


def catalogue_columns() -> dict[CatalogueName, tuple[str, ...]]:
    """The columns of every catalogue, in their order."""
    return {name: (*_COMMON, *own) for name, own in _OWN.items()}


def _create(name: str, columns: Mapping[str, str]) -> str:
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"CREATE TABLE {name} ({declared});\n"


CATALOGUES: Final = "".join(
    [
        *(_create(name, {**_COMMON, **own}) for name, own in _OWN.items()),
        _create("facts", {"name": "TEXT PRIMARY KEY", "value": "TEXT"}),
    ]
)

DOCUMENTS: Final = """
CREATE TABLE opening_stock (day TEXT, warehouse INT, product INT, qty INT, cost INT);
CREATE TABLE opening_receivables (day TEXT, firm INT, customer INT, amount INT);
CREATE TABLE opening_payables (day TEXT, firm INT, supplier INT, amount INT);
CREATE TABLE opening_cash (day TEXT, cash INT, own INT, amount INT);
CREATE TABLE sales (
    id INTEGER PRIMARY KEY, day TEXT, number TEXT, return_of INT, firm INT, warehouse INT,
    customer INT, seller INT, channel INT);
CREATE TABLE sale_lines (sale INT, product INT, qty INT, amount INT, vat INT, cost INT);
CREATE TABLE purchases (
    id INTEGER PRIMARY KEY, day TEXT, number TEXT, return_of INT, firm INT, warehouse INT,
    supplier INT);
CREATE TABLE purchase_lines (purchase INT, product INT, qty INT, amount INT, vat INT);
CREATE TABLE stock_transfers (
    id INTEGER PRIMARY KEY, day TEXT, number TEXT, warehouse_from INT, warehouse_to INT);
CREATE TABLE stock_transfer_lines (transfer INT, product INT, qty INT, cost INT);
CREATE TABLE cash_documents (
    id INTEGER PRIMARY KEY, day TEXT, number TEXT, operation INT, cash INT, direction TEXT,
    own INT, amount INT, partner INT, cost_article INT);
CREATE TABLE cash_transfers (
    id INTEGER PRIMARY KEY, day TEXT, number TEXT, cash_from INT, cash_to INT, own_from INT,
    own_to INT, amount INT);
"""

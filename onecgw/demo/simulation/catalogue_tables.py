"""The tables of the catalogues; ids follow the order of labels."""

from typing import Final

from onecgw.demo.simulation.catalogue_entries import CatalogueName
from onecgw.demo.simulation.tables import Column, Table

_NO_FOLDERS: Final = ("parent", "is_group")
_RATE: Final = Column("rate", "number", "UAH for one unit of its currency; fixed")


def _catalogue(
    name: CatalogueName, about: str, *own: str | Column, hidden: tuple[str, ...] = ()
) -> Table:
    """A catalogue: the columns that all have, and its own; unused ones are hidden."""
    common = (
        Column("id", "key"),
        Column("uuid", "text", "the id that the service answers with"),
        Column("code", "text", "the code that people see"),
        Column("label", "text", "the name; not unique"),
        Column("parent", name, "the folder it is in"),
        Column("is_group", "flag", "1 is a folder"),
        Column("archived", "flag", "1 is out of use"),
    )
    return Table(name, about, (*common, *own), hidden=("id", *hidden))


CATALOGUE_TABLES: Final = (
    _catalogue(
        "firms",
        "Legal entities.",
        Column("currency", "text", "of its documents"),
        _RATE,
        Column("vat_percent", "number", "the rate of VAT of everything it buys and sells"),
        hidden=(*_NO_FOLDERS, "archived"),
    ),
    _catalogue(
        "warehouses",
        "Places of stock.",
        "firm",
        Column("restricted", "flag", "1 is seen with the scope mcp:report:cost only"),
        hidden=(*_NO_FOLDERS, "archived"),
    ),
    _catalogue(
        "partners",
        "Customers and suppliers, in one catalogue.",
        Column("phone", "text", "invented: no operator has the code 00"),
        Column("city", "text"),
        Column("created", "day", "when it was entered; decides whether a customer is new"),
    ),
    _catalogue(
        "products",
        "What is bought and sold.",
        Column("unit", "text", "of its quantities"),
    ),
    _catalogue("channels", "Sales channels, in two folders.", hidden=("archived",)),
    _catalogue("sellers", "Who sells.", "firm", hidden=(*_NO_FOLDERS, "archived")),
    _catalogue(
        "cash",
        "Cash desks and bank accounts.",
        "firm",
        Column("currency", "text", "what is in it"),
        _RATE,
        hidden=(*_NO_FOLDERS, "archived"),
    ),
    _catalogue("cost_articles", "What money is spent on.", hidden=("archived",)),
    _catalogue("operations", "Kinds of movements of money.", hidden=(*_NO_FOLDERS, "archived")),
)

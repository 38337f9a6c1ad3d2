"""What the company's catalogues hold: one class per kind of entry."""

from datetime import date
from typing import Literal

import attrs

# The kinds of catalogue, which are also the names of their tables.
CatalogueName = Literal[
    "firms",
    "warehouses",
    "partners",
    "products",
    "channels",
    "sellers",
    "cash",
    "cost_articles",
    "operations",
]


@attrs.frozen(kw_only=True)
class Entry:
    """A line of a catalogue.

    id: its place in the order of labels, from 1; so a sort by id is a sort by label.
    uuid: the reference that the outside world sees.
    parent: the id of its folder, None at the root.
    """

    id: int
    uuid: str
    code: str
    label: str
    parent: int | None = None
    is_group: bool = attrs.field(default=False, converter=bool)
    archived: bool = attrs.field(default=False, converter=bool)


@attrs.frozen(kw_only=True)
class Firm(Entry):
    """A legal entity. Its documents are in its currency, which has a fixed rate.

    rate: units of the base currency for one unit of its own, a whole number so that every
    amount in the base currency is exact.
    """

    currency: str
    rate: int
    vat_percent: int


@attrs.frozen(kw_only=True)
class Warehouse(Entry):
    """A place of stock; it belongs to one firm.

    restricted: seen only with the scope mcp:report:cost.
    """

    firm: int
    restricted: bool = False


@attrs.frozen(kw_only=True)
class Seller(Entry):
    """Who sold it: an employee of one firm."""

    firm: int


@attrs.frozen(kw_only=True)
class Partner(Entry):
    """A customer or a supplier: both stand in the catalogue of customers.

    terms_days: after how many days invoices are paid; None pays in advance.
    """

    phone: str = ""
    city: str = ""
    created: date
    terms_days: int | None = 0


@attrs.frozen(kw_only=True)
class Product(Entry):
    """Something bought and sold.

    unit_price: the purchase price of one unit without VAT, kopecks.
    margin_percent: profit as a share of the retail price without VAT.
    pack: how many units a wholesale line usually has.
    step: the smallest quantity sold, thousandths of a unit.
    popularity: its weight among all products.
    supplier: the partner that delivers it.
    """

    unit: str = ""
    unit_price: int = 0
    margin_percent: int = 0
    pack: int = 1
    step: int = 1000
    popularity: float = 0.0
    supplier: int = 0


@attrs.frozen(kw_only=True)
class Cash(Entry):
    """A cash desk or a bank account, in one currency and of one firm."""

    firm: int
    currency: str
    rate: int
    purpose: str


@attrs.frozen(kw_only=True)
class CostArticle(Entry):
    """What money is spent on.

    operation: the operation under which it is paid.
    purpose: the purpose of the desk that pays.
    weight: its share in the monthly budget of expenses.
    pay_day: the day of the month on which it is paid.
    """

    operation: str = ""
    purpose: str = ""
    weight: float = 0.0
    pay_day: int = 1

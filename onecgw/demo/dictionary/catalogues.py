"""The dictionary of the catalogues."""

from typing import Final

from onecgw.demo.dictionary.columns import (
    ARCHIVED,
    CODE,
    FIRM,
    IS_GROUP,
    LABEL,
    UUID,
    Column,
    Table,
    folder_of,
)

CATALOGUE_TABLES: Final = (
    Table(
        "firms",
        "Legal entities.",
        (
            UUID,
            CODE,
            LABEL,
            Column("currency", "text", "of its documents"),
            Column("rate", "number", "UAH for one unit of its currency; fixed"),
            Column("vat_percent", "number", "the rate of VAT of everything it buys and sells"),
        ),
    ),
    Table(
        "warehouses",
        "Places of stock.",
        (
            UUID,
            CODE,
            LABEL,
            FIRM,
            Column("restricted", "flag", "1 is seen with the scope mcp:report:cost only"),
        ),
    ),
    Table(
        "partners",
        "Customers and suppliers, in one catalogue.",
        (
            UUID,
            CODE,
            LABEL,
            folder_of("partners"),
            IS_GROUP,
            ARCHIVED,
            Column("phone", "text", "invented: no operator has the code 00"),
            Column("city", "text", ""),
            Column("created", "day", "when it was entered; decides whether a customer is new"),
        ),
    ),
    Table(
        "products",
        "What is bought and sold.",
        (
            UUID,
            CODE,
            LABEL,
            folder_of("products"),
            IS_GROUP,
            ARCHIVED,
            Column("unit", "text", "of its quantities"),
        ),
    ),
    Table(
        "channels",
        "Sales channels, in two folders.",
        (UUID, CODE, LABEL, folder_of("channels"), IS_GROUP),
    ),
    Table("sellers", "Who sells.", (UUID, CODE, LABEL, FIRM)),
    Table(
        "cash",
        "Cash desks and bank accounts.",
        (
            UUID,
            CODE,
            LABEL,
            FIRM,
            Column("currency", "text", "what is in it"),
            Column("rate", "number", "UAH for one unit of its currency; fixed"),
        ),
    ),
    Table(
        "cost_articles",
        "What money is spent on.",
        (UUID, CODE, LABEL, folder_of("cost_articles"), IS_GROUP),
    ),
    Table("operations", "Kinds of movements of money.", (UUID, CODE, LABEL)),
)

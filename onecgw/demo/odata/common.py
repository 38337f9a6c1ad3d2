"""What the configurations share: how the books' desks, currencies and contacts are published."""

from collections.abc import Mapping, Sequence
from typing import Final

from onecgw.demo.odata.entity_sets import catalogue, part, simple_catalogue
from onecgw.demo.odata.facts import (
    PURCHASE,
    PURCHASE_RETURN,
    SALE,
    SALE_RETURN,
    at,
)
from onecgw.demo.odata.fields import (
    DOCUMENT,
    numbered,
    of_catalogue,
    ref,
    text,
)
from onecgw.demo.odata.model import (
    DOCUMENT_KINDS,
    ZERO_GUID,
    DocumentKind,
    EntitySet,
    ODataField,
)
from onecgw.demo.simulation import names

# Codes of the desks that stand in a shop, and of the accounts in a bank.
_SHOP_DESKS: Final = ("Г-00002", "Г-00005")
_ACCOUNTS: Final = ("Г-00006", "Г-00007", "Г-00008", "Г-00009")

# The operations of the books by the names that their members have in УТ.
OPERATIONS: Final[Mapping[str, str]] = {
    names.PAID_BY_CUSTOMER: "ПоступлениеОплатыОтКлиента",
    names.RETAIL_REVENUE: "РеализацияВРозницу",
    names.REFUND_TO_CUSTOMER: "ВозвратОплатыКлиенту",
    names.PAID_TO_SUPPLIER: "ОплатаПоставщику",
    names.REFUND_BY_SUPPLIER: "ВозвратДенежныхСредствОтПоставщика",
    "Выплата зарплаты": "ВыплатаЗарплаты",
    names.TAXES: "ПеречислениеВБюджет",
    "Оплата расходов": "ПрочиеРасходы",
    "Хозяйственные расходы": "ПрочаяВыдачаДенежныхСредств",
    names.DIVIDENDS: "НачислениеДивидендов",
    names.TRANSFER_OUT: "ПеречислениеДенежныхСредствНаДругойСчет",
    names.TRANSFER_IN: "ПоступлениеДенежныхСредствСДругогоСчета",
}
CURRENCIES: Final = {"UAH": "980", "EUR": "978", "PLN": "985"}


def setup(places: Mapping[str, str], documents: Mapping[DocumentKind, str]) -> str:
    """SQL of the tables that fields look into.

    Args:
        places: the catalogues of cash "desks", of desks in "shops", of bank "accounts".
        documents: kind of document → its set.
    """
    sets = ", ".join(f"({DOCUMENT_KINDS[kind]}, '{name}')" for kind, name in documents.items())
    members = ", ".join(f"('{label}', '{member}')" for label, member in OPERATIONS.items())
    money = ", ".join(f"({row}, '{code}', '{label}')" for row, (label, code) in
                      enumerate(CURRENCIES.items(), start=1))  # fmt: skip
    return f"""
CREATE TABLE document_sets (kind INTEGER PRIMARY KEY, document_set TEXT);
INSERT INTO document_sets VALUES {sets};
CREATE TABLE places (id INTEGER PRIMARY KEY, catalogue TEXT);
INSERT INTO places SELECT id, CASE WHEN code IN {_SHOP_DESKS} THEN '{places["shops"]}'
    WHEN code IN {_ACCOUNTS} THEN '{places["accounts"]}' ELSE '{places["desks"]}' END FROM cash;
CREATE TABLE members (label TEXT, member TEXT);
INSERT INTO members VALUES {members};
CREATE TABLE operation_members (id INTEGER PRIMARY KEY, member TEXT);
INSERT INTO operation_members SELECT id, member FROM operations JOIN members USING (label);
CREATE TABLE currency_rows (id INT, digits TEXT, code TEXT);
INSERT INTO currency_rows VALUES {money};
CREATE TABLE currencies AS
SELECT id, {numbered(0xA005, "id")} AS uuid, digits, code FROM currency_rows;
CREATE TABLE units AS
SELECT ROW_NUMBER() OVER (ORDER BY unit) AS id, unit FROM
    (SELECT DISTINCT unit FROM products WHERE unit <> '');
CREATE TABLE contacts AS
SELECT id AS contact_partner, 1 AS line, 'Телефон' AS kind, phone AS shown, '' AS city,
    phone FROM partners WHERE phone <> ''
UNION ALL
SELECT id, 2, 'Адрес', city, city, '' FROM partners WHERE city <> '';
CREATE TABLE headers AS
SELECT CASE WHEN return_of IS NULL THEN {at(SALE)} ELSE {at(SALE_RETURN)} END AS period,
    CASE WHEN return_of IS NULL THEN {SALE} ELSE {SALE_RETURN} END AS doc_kind, id AS doc, number,
    firm AS firm_id, warehouse AS warehouse_id, customer AS partner_id, seller AS seller_id,
    (SELECT id FROM partner_keys WHERE key_firm = firm AND key_partner = customer) AS partner_key,
    return_of
FROM sales
UNION ALL
SELECT CASE WHEN return_of IS NULL THEN {at(PURCHASE)} ELSE {at(PURCHASE_RETURN)} END,
    CASE WHEN return_of IS NULL THEN {PURCHASE} ELSE {PURCHASE_RETURN} END, id, number,
    firm, warehouse, supplier, NULL,
    (SELECT id FROM partner_keys WHERE key_firm = firm AND key_partner = supplier), return_of
FROM purchases;
CREATE UNIQUE INDEX headers_of ON headers (doc_kind, doc);
"""  # noqa: S608 - names of a configuration


def document_lines(
    owner: str, name: str, kinds: Sequence[DocumentKind], *fields: ODataField
) -> EntitySet:
    """The table of goods of a document; on a return its figures are positive, as on paper."""
    table = "sales" if {"sale", "sale_return"} & {*kinds} else "purchases"
    return part(
        owner,
        name,
        f"(SELECT *, CASE WHEN qty < 0 THEN -1 ELSE 1 END AS sign FROM {table}_facts "  # noqa: S608 - as above
        f"WHERE doc_kind IN ({_numbers(kinds)}))",
        *fields,
        key=DOCUMENT,
    )


def headers_of(kinds: Sequence[DocumentKind]) -> str:
    """The source of the documents of some kinds."""
    return f"(SELECT * FROM headers WHERE doc_kind IN ({_numbers(kinds)}))"  # noqa: S608 - numbers


def _numbers(kinds: Sequence[DocumentKind]) -> str:
    return ", ".join(str(DOCUMENT_KINDS[kind]) for kind in kinds)


def currencies() -> EntitySet:
    """Return the catalogue of currencies."""
    return simple_catalogue(
        "Валюты", "currencies", text("Code", "digits"), text("Description", "code"),
        reference="uuid",
    )  # fmt: skip


def units(name: str) -> EntitySet:
    """Return the catalogue of units."""
    return simple_catalogue(
        name, "units", text("Code", "CAST(id AS TEXT)"), text("Description", "unit"),
        reference=numbered(0xA006, "id"),
    )  # fmt: skip


def unit_of_product(name: str, target: str) -> ODataField:
    """The unit of a product."""
    found = f"(SELECT {numbered(0xA006, 'units.id')} FROM units WHERE units.unit = own.unit)"  # noqa: S608 - as above
    return ref(name, target, "unit", f"COALESCE({found}, '{ZERO_GUID}')")


def contacts(owner: str) -> EntitySet:
    """Return the contacts of partners: telephones and addresses."""
    return part(
        owner,
        "КонтактнаяИнформация",
        "contacts",
        text("Тип", "kind"),
        text("Представление", "shown"),
        text("Город", "city"),
        text("НомерТелефона", "phone"),
        key=of_catalogue("partners", "contact_partner"),
    )


def desks(name: str, *, firm: str, currency: str, groups: str = "") -> EntitySet:
    """One of the catalogues of desks and accounts."""
    money = "(SELECT uuid FROM currencies WHERE currencies.code = own.currency)"
    return catalogue(
        name,
        f"cash JOIN places USING (id) WHERE catalogue = 'Catalog_{name}'",
        ref(firm, "Catalog_Организации", "firm", of_catalogue("firms", "own.firm")),
        ref(currency, "Catalog_Валюты", "currency", money),
        groups=groups,
        parents="cash",
    )

"""Accounts and their subconto, as fields of the accounting register."""

from collections.abc import Mapping
from typing import Final

from onecgw.demo.odata.fields import numbered, of_catalogue
from onecgw.demo.odata.model import NAMESPACE, ODataField
from onecgw.demo.odata.postings import SUBCONTO_KINDS, Subconto

# Kind of subconto → its name, the type of its values, and SQL of a value.
_SUBCONTO: Final[Mapping[Subconto, tuple[str, str, str]]] = {
    "partner": ("Контрагенты", "Catalog_Контрагенты", of_catalogue("partners", "{0}")),
    "contract": ("Договоры", "Catalog_ДоговорыКонтрагентов", numbered(0xA003, "{0}")),
    "group": (
        "Номенклатурные группы",
        "Catalog_НоменклатурныеГруппы",
        of_catalogue("products", "{0}"),
    ),
    "vat_rate": (
        "Ставки НДС",
        "СтавкиНДС",
        "(SELECT 'НДС' || vat_percent FROM firms WHERE id = {0})",
    ),
    "product": ("Номенклатура", "Catalog_Номенклатура", of_catalogue("products", "{0}")),
    "warehouse": ("Склады", "Catalog_Склады", of_catalogue("warehouses", "{0}")),
    "bank_account": ("Банковские счета", "Catalog_БанковскиеСчета", of_catalogue("cash", "{0}")),
    "article": (
        "Статьи движения денежных средств",
        "Catalog_СтатьиДвиженияДенежныхСредств",
        of_catalogue("cost_articles", "{0}"),
    ),
}
CHART: Final = "ChartOfAccounts_Хозрасчетный"
KINDS: Final = "ChartOfCharacteristicTypes_ВидыСубконтоХозрасчетные"
LEDGER_SETUP: Final = "\n".join(
    [
        "CREATE TABLE subconto_kinds (id INTEGER PRIMARY KEY, label TEXT);",
        *(
            f"INSERT INTO subconto_kinds VALUES ({SUBCONTO_KINDS[kind]}, '{name}');"  # noqa: S608 - names above
            for kind, (name, _, _) in _SUBCONTO.items()
        ),
    ]
)


def _account(name: str, column: str) -> ODataField:
    return ODataField(
        name=name, kind="guid", sql=numbered(0xACC0, column), raw=(column,), targets=(CHART,)
    )


def subconto(name: str, kind: str, column: str, *raw: str) -> ODataField:
    """A subconto; `kind` is SQL of its kind, `raw` as of ODataField."""
    found = [(SUBCONTO_KINDS[one], *rest) for one, rest in _SUBCONTO.items()]
    values = " ".join(f"WHEN {place} THEN {sql.format(column)}" for place, _, _, sql in found)
    types = " ".join(f"WHEN {place} THEN '{one}'" for place, _, one, _ in found)
    return ODataField(
        name=name,
        kind="composite",
        sql=f"CASE WHEN {column} IS NULL THEN '' ELSE CASE {kind} {values} ELSE '' END END",
        type_sql=f"'{NAMESPACE}' || CASE WHEN {column} IS NULL THEN 'Undefined' "
        f"ELSE CASE {kind} {types} ELSE 'Undefined' END END",
        raw=raw,
        targets=tuple(one for _, one, _ in _SUBCONTO.values() if "_" in one),
    )


def side_fields(prefix: str, suffix: str, account: str, sub: str) -> tuple[ODataField, ...]:
    """The account of a side and its subconto, whose kinds the account determines."""
    return (
        _account(f"{prefix}Account{suffix}", account),
        *(
            subconto(
                f"{prefix}ExtDimension{suffix}{place}",
                f"(SELECT kind{place} FROM accounts WHERE accounts.id = {account})",  # noqa: S608 - names below
                f"{sub}{place}",
                account,
                f"{sub}{place}",
            )
            for place in (1, 2, 3)
        ),
    )

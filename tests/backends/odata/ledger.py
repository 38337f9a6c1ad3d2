"""A base of БП in memory: postings by hand, and the tables of an accounting register over them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from onecgw.backends.odata.catalogues import ZERO
from tests.backends.odata.fake_onec import FakeOnec, Register, Row, parse
from tests.backends.odata.worlds import key, of_type

REGISTER = "AccountingRegister_Хозрасчетный"
FIRM = key("firm")
BUYER, OTHER_BUYER, SUPPLIER = key("buyer"), key("other buyer"), key("supplier")
PRODUCT, WAREHOUSE, BANK, ARTICLE, GROUP = (
    key(name) for name in ("product", "warehouse", "bank", "article", "group")
)
CODES = (
    "41", "41.01", "50", "50.01", "51", "60.01", "60.02", "62.01", "62.02", "90.01.1", "90.02.1",
    "361", "702",
)  # fmt: skip
ACCOUNTS = {code: key("account", code) for code in CODES}
Side = tuple[str, tuple[tuple[str, str], ...], str]


@attrs.frozen(kw_only=True)
class Posting:
    day: str
    dr: str
    cr: str
    amount: str
    dr_ext: tuple[tuple[str, str], ...] = ()
    cr_ext: tuple[tuple[str, str], ...] = ()
    dr_qty: str = "0"
    cr_qty: str = "0"


def customer(who: str) -> tuple[tuple[str, str], ...]:
    return (("Catalog_Контрагенты", who), ("Catalog_Договоры", key("contract", who)))


STOCKED = (("Catalog_Номенклатура", PRODUCT), ("Catalog_Склады", WAREHOUSE))
# The places of the subconto differ by account, as they do in a real base.
REVENUE = (("Catalog_НоменклатурныеГруппы", GROUP), ("Catalog_СтавкиНДС", ZERO), STOCKED[0])
MONEY = (("Catalog_БанковскиеСчета", BANK), ("Catalog_СтатьиДвиженияДенежныхСредств", ARTICLE))
POSTINGS = (
    Posting(day="2026-01-10", dr="41.01", cr="60.01", amount="1000", dr_ext=STOCKED,
            cr_ext=customer(SUPPLIER), dr_qty="10"),
    Posting(day="2026-02-01", dr="62.01", cr="90.01.1", amount="600.50", dr_ext=customer(BUYER),
            cr_ext=REVENUE, cr_qty="4"),
    Posting(day="2026-02-01", dr="90.02.1", cr="41.01", amount="400", cr_ext=STOCKED, cr_qty="4"),
    Posting(day="2026-02-03", dr="62.01", cr="90.01.1", amount="99.50",
            dr_ext=customer(OTHER_BUYER), cr_ext=REVENUE, cr_qty="1"),
    Posting(day="2026-02-20", dr="51", cr="62.01", amount="500", dr_ext=MONEY,
            cr_ext=customer(BUYER)),
    Posting(day="2026-02-21", dr="51", cr="62.02", amount="70", dr_ext=MONEY,
            cr_ext=customer(OTHER_BUYER)),
    Posting(day="2026-02-22", dr="60.02", cr="51", amount="30", dr_ext=customer(SUPPLIER),
            cr_ext=MONEY),
    Posting(day="2026-02-23", dr="50.01", cr="51", amount="10", dr_ext=(MONEY[1],), cr_ext=MONEY),
)  # fmt: skip


class LedgerBase(FakeOnec):
    """Balance and Turnovers of the accounting register; the rest as in the parent."""

    def _virtual(self, register: Register, table: str, arguments: Mapping[str, Any]) -> list[Row]:
        assert register.name == REGISTER
        of_account = parse(arguments["AccountCondition"])
        of_other = parse(arguments.get("BalancedAccountCondition", ""))
        holds = parse(arguments.get("Condition", ""))
        sums: dict[tuple[Any, ...], dict[str, Decimal]] = {}
        for one in POSTINGS:
            at = f"{one.day}T12:00:00"
            if table == "Balance" and not at < arguments["Period"]:
                continue
            if table != "Balance" and not arguments["StartPeriod"] <= at <= arguments["EndPeriod"]:
                continue
            dr: Side = (one.dr, one.dr_ext, one.dr_qty)
            cr: Side = (one.cr, one.cr_ext, one.cr_qty)
            for side, mine, other in (("Dr", dr, cr), ("Cr", cr, dr)):
                name = (mine[0], mine[1], *(() if table == "Balance" else (other[0], other[1])))
                into = sums.setdefault(name, dict.fromkeys(("Dr", "Cr", "QDr", "QCr"), Decimal(0)))
                into[side] += Decimal(one.amount)
                into[f"Q{side}"] += Decimal(mine[2])
        rows = [self._row(table, name, found) for name, found in sums.items()]
        return [
            row
            for row in rows
            if of_account(row)
            and of_other({"Account_Key": row.get("BalancedAccount_Key")})
            and holds(row)
        ]

    def _row(self, table: str, name: tuple[Any, ...], sums: Mapping[str, Decimal]) -> Row:
        row: Row = {"Account_Key": ACCOUNTS[name[0]], **_places("", name[1])}
        row["Организация_Key"] = FIRM
        pairs = {"Сумма": (sums["Dr"], sums["Cr"]), "Количество": (sums["QDr"], sums["QCr"])}
        if table == "Balance":
            for resource, (dr, cr) in pairs.items():
                row[f"{resource}BalanceDr"] = max(dr - cr, Decimal(0))
                row[f"{resource}BalanceCr"] = max(cr - dr, Decimal(0))
            return row
        row |= {"BalancedAccount_Key": ACCOUNTS[name[2]], **_places("Balanced", name[3])}
        for resource, (dr, cr) in pairs.items():
            row |= {f"{resource}TurnoverDr": dr, f"{resource}TurnoverCr": cr}
        return row

    def metadata(self) -> str:
        text = super().metadata()
        nothing = dict.fromkeys(("Dr", "Cr", "QDr", "QCr"), Decimal(0))
        types = [
            self._type(
                "ComplexType",
                f"{REGISTER}_{suffix}",
                self._row(table, ("51", (), "51", ()), nothing),
            )
            for table, suffix in (("Balance", "Balance"), ("Turnovers", "Turnover"))
        ]
        return text.replace("</Schema>", "".join(types) + "</Schema>")


def _places(prefix: str, subconto: tuple[tuple[str, str], ...]) -> Row:
    row: Row = {}
    for number in (1, 2, 3):
        kind, found = subconto[number - 1] if number <= len(subconto) else ("Undefined", "")
        row[f"{prefix}ExtDimension{number}"] = found
        row[f"{prefix}ExtDimension{number}_Type"] = of_type(kind)
    return row


def named(entry: str, label: str, **more: Any) -> Row:
    common = {"Code": label[:3], "Артикул": label[:3], "Parent_Key": ZERO, "IsFolder": False}
    return {"Ref_Key": entry, "Description": label, "DeletionMark": False, **common, **more}


def ledger_base() -> LedgerBase:
    contact = {"Ref_Key": BUYER, "Тип": "Телефон", "Представление": "+7 000", "Город": ""}
    record = {"Period": "2026-01-01T00:00:00", "Active": True, "Организация_Key": FIRM}
    return LedgerBase(
        sets={
            "Catalog_Контрагенты": [
                named(BUYER, "Ромашка"), named(OTHER_BUYER, "Василёк"), named(SUPPLIER, "Завод"),
            ],
            "Catalog_Контрагенты_КонтактнаяИнформация": [contact],
            "Catalog_Номенклатура": [named(PRODUCT, "Чайник")],
            "Catalog_Склады": [named(WAREHOUSE, "Главный")],
            "Catalog_Организации": [named(FIRM, "Мы")],
            "Catalog_БанковскиеСчета": [named(BANK, "Основной счёт")],
            "Catalog_СтатьиДвиженияДенежныхСредств": [named(ARTICLE, "Оплата")],
            "ChartOfAccounts_Хозрасчетный": [
                {"Ref_Key": entry, "Code": code, "Description": f"Счёт {code}"}
                for code, entry in ACCOUNTS.items()
            ],
        },
        registers={REGISTER: Register(REGISTER, "balance", ("Организация",), (), [record])},
    )  # fmt: skip

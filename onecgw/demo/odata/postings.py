"""Double entries of the books, for the configurations that keep accounts."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from onecgw.demo.odata.facts import (
    CASH_TRANSFER,
    OPENING,
    PURCHASE,
    PURCHASE_RETURN,
    SALE,
    SALE_RETURN,
    TRANSFER,
)
from onecgw.demo.odata.model import Declared

# What the values of a posting's analytics are; their numbers stand in the database.
Subconto = Literal[
    "partner", "contract", "group", "vat_rate", "product", "warehouse", "bank_account", "article",
]  # fmt: skip
SUBCONTO_KINDS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate(get_args(Subconto), start=1)
}
Role = Literal[
    "receivable", "received", "payable", "paid", "goods", "revenue", "sold_vat", "sold_cost",
    "vat_out", "vat_in", "desk", "foreign_desk", "bank", "foreign_bank", "expenses", "wages",
    "taxes", "dividends", "opening",
]  # fmt: skip


class LedgerAccount(Declared, frozen=True):
    """An account of a chart.

    role: what the books use it for.
    kind: what its balance may be.
    analytics: its kinds of subconto, in their order.
    """

    code: str
    name: str
    role: Role
    kind: Literal["Active", "Passive", "ActivePassive"] = "ActivePassive"
    analytics: tuple[Subconto, ...] = ()

    @property
    def row(self) -> tuple[object, ...]:
        """Its row in the table of accounts, without the number."""
        kinds = [SUBCONTO_KINDS[one] for one in self.analytics]
        return (self.code, self.name.replace("'", "''"), self.kind, *(*kinds, 0, 0, 0)[:3])


def accounts_sql(accounts: Iterable[LedgerAccount]) -> str:
    """SQL of the table of accounts; a group of an account is the code before its last point."""
    rows = ", ".join(
        "({}, '{}', '{}', '{}', {}, {}, {})".format(number, *one.row)
        for number, one in enumerate(accounts, start=1)
    )
    return f"""
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, code TEXT UNIQUE, label TEXT, kind TEXT, kind1 INT, kind2 INT,
    kind3 INT);
INSERT INTO accounts VALUES {rows};
"""  # noqa: S608 - a chart of ours


def postings_sql(accounts: Iterable[LedgerAccount]) -> str:
    """SQL of the postings and of their two sides.

    An advance moves between its account and that of the debts, so that neither has a balance of
    the wrong sign.

    Args:
        accounts: the chart; every role has an account.
    """
    codes = {one.role: one.code for one in accounts}

    def account(role: Role) -> str:
        return f"(SELECT id FROM accounts WHERE code = '{codes[role]}')"  # noqa: S608 - a chart of ours

    def side(role: Role, *analytics: str, qty: str = "0") -> str:
        """The account, three values of subconto, the quantity, the amount in its currency.

        `@` stands for the amount of the posting.
        """
        return ", ".join([account(role), *(*analytics, "NULL", "NULL", "NULL")[:3], qty, "0"])

    def money(desk: str = "cash_id") -> str:
        is_bank = f"{desk} IN (SELECT id FROM places WHERE catalogue = 'Catalog_БанковскиеСчета')"  # noqa: S608 - constant
        is_home = f"{desk} IN (SELECT id FROM cash WHERE currency = 'UAH')"  # noqa: S608 - constant
        return (
            f"CASE WHEN {is_bank} AND {is_home} THEN {account('bank')} "  # noqa: S608 - names of ours
            f"WHEN {is_bank} THEN {account('foreign_bank')} "
            f"WHEN {is_home} THEN {account('desk')} ELSE {account('foreign_desk')} END, "
            f"CASE WHEN {is_bank} THEN {desk} END, article_id, NULL, 0, "
            f"CASE WHEN {is_home} THEN 0 ELSE @ / (SELECT rate FROM cash WHERE id = {desk}) END"
        )

    def rows(source: str, debit: str, credit: str, amount: str) -> str:
        sides = f"{debit}, {credit}".replace("@", amount)
        return (
            f"SELECT period, doc_kind, doc, firm_id, {sides}, {amount} "  # noqa: S608 - names of ours
            f"FROM {source} AND {amount} <> 0"
        )

    partner = ("partner_id", "partner_key")
    receivable, received = side("receivable", *partner), side("received", *partner)
    payable, paid = side("payable", *partner), side("paid", *partner)
    goods = side("goods", "product_id", "warehouse_id", qty="ABS(qty)")
    line_goods = side("goods", "product_id", "warehouse_id", qty="qty")
    opening = side("opening")
    at_opening = f"doc_kind = {OPENING}"
    receivables, payables = (
        f"(SELECT changes.*, cash_id, own, article_id, flow FROM {name}_changes AS changes "  # noqa: S608 - names of ours
        "JOIN cash_facts USING (doc_kind, doc))"
        for name in ("receivables", "payables")
    )
    spent = (
        "CASE (SELECT member FROM operation_members WHERE id = operation_id) "  # noqa: S608 - names of ours
        f"WHEN 'ВыплатаЗарплаты' THEN {account('wages')} "
        f"WHEN 'ПеречислениеВБюджет' THEN {account('taxes')} "
        f"WHEN 'НачислениеДивидендов' THEN {account('dividends')} "
        f"ELSE {account('expenses')} END, article_id, NULL, NULL, 0, 0"
    )
    carried = (
        "(SELECT target.*, source.warehouse_id AS from_id FROM stock_facts AS target "  # noqa: S608 - names of ours
        "JOIN stock_facts AS source USING (doc_kind, doc) "
        f"WHERE doc_kind = {TRANSFER} AND target.line % 2 = 1 AND source.line = target.line - 1)"
    )
    transferred = (
        "(SELECT target.*, source.cash_id AS from_id "  # noqa: S608 - names of ours
        "FROM cash_facts AS target JOIN cash_facts AS source USING (doc_kind, doc) "
        f"WHERE doc_kind = {CASH_TRANSFER} AND target.line = 2 AND source.line = 1)"
    )
    sold, bought = f"({SALE}, {SALE_RETURN})", f"({PURCHASE}, {PURCHASE_RETURN})"
    revenue = side("revenue", "group_id", "firm_id", "product_id", qty="qty")
    statements = (
        rows(f"stock_facts WHERE {at_opening}", goods, opening, "cost"),
        rows(f"receivables_changes WHERE {at_opening}", receivable, opening, "debt"),
        rows(f"receivables_changes WHERE {at_opening}", opening, received, "prepayment"),
        rows(f"payables_changes WHERE {at_opening}", opening, payable, "debt"),
        rows(f"payables_changes WHERE {at_opening}", paid, opening, "prepayment"),
        rows(f"cash_facts WHERE {at_opening}", money(), opening, "amount"),
        # Sales: on a return everything stands with a minus, as 1C's reversal.
        rows("sales_facts WHERE TRUE", receivable, revenue, "amount"),
        rows(
            "sales_facts WHERE TRUE",
            side("sold_vat", "group_id", "firm_id"),
            side("vat_out"),
            "vat",
        ),
        rows("sales_facts WHERE TRUE", side("sold_cost", "group_id"), line_goods, "cost"),
        rows(
            f"receivables_changes WHERE doc_kind IN {sold}", received, receivable, "(change - debt)"
        ),
        rows(f"{receivables} WHERE flow > 0", money(), receivable, "(-debt)"),
        rows(f"{receivables} WHERE flow > 0", money(), received, "prepayment"),
        rows(f"{receivables} WHERE flow < 0", receivable, money(), "debt"),
        rows(f"{receivables} WHERE flow < 0", received, money(), "(-prepayment)"),
        rows("purchases_facts WHERE TRUE", line_goods, payable, "cost"),
        rows("purchases_facts WHERE TRUE", side("vat_in"), payable, "vat"),
        rows(f"payables_changes WHERE doc_kind IN {bought}", payable, paid, "(change - debt)"),
        rows(f"{payables} WHERE flow < 0", payable, money(), "(-debt)"),
        rows(f"{payables} WHERE flow < 0", paid, money(), "prepayment"),
        rows(f"{payables} WHERE flow > 0", money(), payable, "debt"),
        rows(f"{payables} WHERE flow > 0", money(), paid, "(-prepayment)"),
        rows("cash_facts WHERE article_id IS NOT NULL", spent, money(), "(-amount)"),
        rows(
            f"{carried} WHERE TRUE",
            goods,
            side("goods", "product_id", "from_id", qty="ABS(qty)"),
            "cost",
        ),
        rows(f"{transferred} WHERE TRUE", money(), money("from_id"), "amount"),
    )
    columns = ", ".join(
        f"{side}_{name}"
        for side in ("dr", "cr")
        for name in ("account", "1", "2", "3", "qty", "own")
    )
    return f"""
CREATE TABLE postings_facts (
    period, doc_kind, doc, firm_id, {columns}, amount);
INSERT INTO postings_facts {" UNION ALL ".join(statements)} ORDER BY period;
CREATE VIEW entries AS
SELECT period, doc_kind, doc, firm_id, dr_account AS account, dr_1 AS sub1, dr_2 AS sub2,
    dr_3 AS sub3, dr_qty AS qty, dr_own AS own, cr_account AS corr_account, cr_1 AS corr_sub1,
    cr_2 AS corr_sub2, cr_3 AS corr_sub3, amount, 1 AS side
FROM postings_facts
UNION ALL
SELECT period, doc_kind, doc, firm_id, cr_account, cr_1, cr_2, cr_3, cr_qty, cr_own, dr_account,
    dr_1, dr_2, dr_3, amount, -1
FROM postings_facts;
"""  # noqa: S608 - names of ours

"""The accounting register of БП, its chart of accounts, and its virtual tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from onecgw.demo.odata.entity_sets import part
from onecgw.demo.odata.fields import (
    columns_of,
    day,
    document,
    empty,
    flag,
    number,
    numbered,
    ref,
    text,
)
from onecgw.demo.odata.ledger_fields import CHART, KINDS, side_fields, subconto
from onecgw.demo.odata.model import EntitySet, ODataColumn, ODataField, VirtualTable
from onecgw.demo.odata.registers import sums_of

_REGISTER: Final = "AccountingRegister_Хозрасчетный"
_DIMENSIONS: Final = (
    ref("Организация", "Catalog_Организации", "firm_id"),
    empty("Подразделение", "Catalog_ПодразделенияОрганизаций"),
)
_OWN_DIMENSIONS: Final = (*_DIMENSIONS, empty("Валюта", "Catalog_Валюты"))
_OWN: Final = side_fields("", "", "account", "sub")
_BALANCED: Final = side_fields("Balanced", "", "corr_account", "corr_sub")
_DEBIT: Final = side_fields("", "Dr", "dr_account", "dr_")
_CREDIT: Final = side_fields("", "Cr", "cr_account", "cr_")
_BOTH: Final = (*_DEBIT, *_CREDIT)
_RESOURCES: Final = (
    number("Сумма", "side * amount"),
    number("ВалютнаяСумма", "side * own"),
    number("Количество", "side * qty", 3),
)
_FIGURES: Final = (
    number("Сумма", "amount"),
    number("ВалютнаяСуммаDr", "dr_own"),
    number("ВалютнаяСуммаCr", "cr_own"),
    number("КоличествоDr", "dr_qty", 3),
    number("КоличествоCr", "cr_qty", 3),
)
_BALANCE: Final = {
    "Balance": "SUM({0})",
    "BalanceDr": "MAX(SUM({0}), 0)",
    "BalanceCr": "MAX(-SUM({0}), 0)",
}
_INSIDE: Final = "SUM(CASE WHEN period >= :StartPeriod {1} THEN {0} ELSE 0 END)"
_TURNOVER: Final = {
    "Turnover": _INSIDE.format("{0}", ""),
    "TurnoverDr": _INSIDE.format("{0}", "AND side > 0"),
    "TurnoverCr": "-" + _INSIDE.format("{0}", "AND side < 0"),
}
_BALANCE_AND_TURNOVER: Final = {
    "OpeningBalance": "SUM(CASE WHEN period < :StartPeriod THEN {0} ELSE 0 END)",
    **_TURNOVER,
    "ClosingBalance": "SUM({0})",
}
_EXT_DIMENSIONS: Final = "({})".format(
    " UNION ALL ".join(
        f"SELECT period, doc_kind, doc, postings_facts.rowid AS line, '{side}' AS side, "  # noqa: S608 - constants
        f"kind{place} AS kind, {prefix}_{place} AS value FROM postings_facts "
        f"JOIN accounts ON accounts.id = {prefix}_account WHERE {prefix}_{place} IS NOT NULL"
        for side, prefix in (("Debit", "dr"), ("Credit", "cr"))
        for place in (1, 2, 3)
    )
)
_RECORDS: Final = "(SELECT *, rowid AS line FROM postings_facts)"
_PERIOD: Final[Mapping[str, None]] = {"EndPeriod": None, "StartPeriod": None}


def _names(fields: Sequence[ODataField]) -> tuple[str, ...]:
    return tuple(column.name for column in columns_of(fields))


def _head(recorders: Sequence[str]) -> tuple[ODataField, ...]:
    """What a record begins with."""
    return (
        document("Recorder", *recorders),
        day("Period", "period"),
        ODataField(name="LineNumber", kind="int64", sql="line"),
        flag("Active", "1"),
    )


def _table(
    function: str,
    source: str,
    dimensions: Sequence[ODataField],
    parameters: Mapping[str, tuple[str, ...] | None],
    *,
    result: str = "",
    period: Literal["before", "between", "to_end"] = "between",
    fixed: Sequence[ODataField] = (),
    sums: Sequence[ODataColumn] = (),
    accounts: tuple[str, str] = ("account", "corr_account"),
) -> VirtualTable:
    return VirtualTable(
        function=function,
        owner=_REGISTER,
        result=f"{_REGISTER}_{result or function}",
        source=source,
        parameters=parameters,
        period=period,
        dimensions=(*fixed, *dimensions),
        fixed=frozenset(one.name for one in fixed),
        sums=tuple(sums),
        accounts=dict(zip(("AccountCondition", "BalancedAccountCondition"), accounts, strict=True)),
    )


def ledger_tables(recorders: Sequence[str]) -> Iterator[VirtualTable]:
    """Make the virtual tables of the register; recorders: the sets of documents."""
    head = _head(recorders)
    common = {
        "AccountCondition": ("Account_Key",),
        "Condition": _names((*_OWN_DIMENSIONS, *_OWN[1:])),
        "Dimensions": None,
        "ExtraDimensions": None,
    }
    yield _table(
        "Balance",
        "entries",
        _OWN_DIMENSIONS,
        {**common, "Period": None},
        period="before",
        fixed=_OWN,
        sums=sums_of(_RESOURCES, _BALANCE),
    )
    yield _table(
        "Turnovers",
        "entries",
        _OWN_DIMENSIONS,
        {
            **common,
            **_PERIOD,
            "BalancedAccountCondition": ("BalancedAccount_Key", "Account_Key=BalancedAccount_Key"),
            "BalancedExtraDimensions": None,
        },
        result="Turnover",
        fixed=(*_OWN, *_BALANCED),
        sums=sums_of(_RESOURCES, _TURNOVER),
    )
    yield _table(
        "BalanceAndTurnovers",
        "entries",
        _OWN_DIMENSIONS,
        {**common, **_PERIOD},
        result="BalanceAndTurnover",
        period="to_end",
        fixed=_OWN,
        sums=sums_of(_RESOURCES, _BALANCE_AND_TURNOVER),
    )
    yield _table(
        "DrCrTurnovers",
        "postings_facts",
        _DIMENSIONS,
        {
            "AccountCondition": ("AccountDr_Key", "Account_Key=AccountDr_Key"),
            "BalancedAccountCondition": (
                "AccountCr_Key",
                "Account_Key=AccountCr_Key",
                "BalancedAccount_Key=AccountCr_Key",
            ),
            "Condition": _names((*_DIMENSIONS, *_DEBIT[1:], *_CREDIT[1:])),
            "Dimensions": None,
            "ExtraDimensions": None,
            "BalancedExtraDimensions": None,
            **_PERIOD,
        },
        result="DrCrTurnover",
        fixed=_BOTH,
        accounts=("dr_account", "cr_account"),
        sums=[
            ODataColumn(name=name, kind="number", sql=f"SUM({sql})", places=places, base=base)
            for name, base, sql, places in (
                ("СуммаTurnover", "Сумма", "amount", 2),
                ("ВалютнаяСуммаTurnoverDr", "ВалютнаяСумма", "dr_own", 2),
                ("ВалютнаяСуммаTurnoverCr", "ВалютнаяСумма", "cr_own", 2),
                ("КоличествоTurnoverDr", "Количество", "dr_qty", 3),
                ("КоличествоTurnoverCr", "Количество", "cr_qty", 3),
            )
        ],
    )
    yield _table(
        "RecordsWithExtDimensions",
        _RECORDS,
        (*head, *_BOTH, *_DIMENSIONS, *_FIGURES),
        {
            "Condition": _names((*head, *_BOTH, *_DIMENSIONS)),
            "Order": None,
            "Top": None,
            **_PERIOD,
        },
    )
    yield _table(
        "ExtDimensions",
        _EXT_DIMENSIONS,
        (
            *head[:3],
            text("RecordType", "side"),
            ref("Kind", KINDS, "", numbered(0xA008, "kind")),
            subconto("Value", "kind", "value", "kind", "value"),
        ),
        {},
    )


def ledger_sets(recorders: Sequence[str]) -> Iterator[EntitySet]:
    """Make the chart of accounts, the kinds of subconto and the records."""
    head = _head(recorders)
    yield EntitySet(
        name=CHART,
        columns=columns_of(
            (
                ODataField(name="Ref_Key", kind="guid", sql=numbered(0xACC0, "id")),
                flag("DeletionMark"),
                text("Code", "code"),
                text("Description", "label"),
                text("Type", "kind"),
                flag("OffBalance"),
            )
        ),
        source="accounts",
        stored=True,
    )
    yield part(
        CHART,
        "ExtDimensionTypes",
        "(SELECT id, 1 AS line, kind1 AS kind FROM accounts WHERE kind1 UNION ALL "
        "SELECT id, 2, kind2 FROM accounts WHERE kind2 UNION ALL "
        "SELECT id, 3, kind3 FROM accounts WHERE kind3)",
        ref("ExtDimensionType", KINDS, "", numbered(0xA008, "kind")),
        flag("TurnoversOnly"),
        key=numbered(0xACC0, "id"),
    )
    yield EntitySet(
        name=KINDS,
        columns=columns_of(
            (
                ODataField(name="Ref_Key", kind="guid", sql=numbered(0xA008, "id")),
                flag("DeletionMark"),
                text("Description", "label"),
            )
        ),
        source="subconto_kinds",
        stored=True,
    )
    yield EntitySet(
        name=_REGISTER,
        columns=columns_of(head[:1]),
        source="(SELECT DISTINCT doc_kind, doc FROM postings_facts)",
        keys=("Recorder", "Recorder_Type"),
    )
    yield EntitySet(
        name=f"{_REGISTER}_RecordType",
        owner=_REGISTER,
        columns=columns_of((*head, _DEBIT[0], _CREDIT[0], *_DIMENSIONS, *_FIGURES)),
        source=_RECORDS,
        keys=("Recorder", "LineNumber", "Recorder_Type"),
    )

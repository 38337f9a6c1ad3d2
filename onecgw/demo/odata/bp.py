"""БП 3.0, with its own chart of accounts or with that of BAS: what of it the demo publishes."""

from collections.abc import Iterator, Mapping
from typing import Final

from onecgw.demo.odata.common import (
    contacts,
    currencies,
    desks,
    document_lines,
    headers_of,
    setup,
    unit_of_product,
    units,
)
from onecgw.demo.odata.facts import (
    CASH_IN,
    CASH_OUT,
    CASH_TRANSFER,
    OPENING,
    PURCHASE,
    PURCHASE_RETURN,
    SALE,
    SALE_RETURN,
    TRANSFER,
)
from onecgw.demo.odata.fields import (
    catalogue,
    columns_of,
    day,
    document,
    document_set,
    empty,
    flag,
    number,
    numbered,
    of_catalogue,
    part,
    ref,
    simple_catalogue,
    text,
)
from onecgw.demo.odata.model import (
    NAMESPACE,
    EntitySet,
    ODataColumn,
    ODataField,
    Schema,
    VirtualTable,
    schema_of,
)
from onecgw.demo.odata.postings import (
    ARTICLE,
    BANK_ACCOUNT,
    CONTRACT,
    GROUP,
    PARTNER,
    PRODUCT,
    VAT_RATE,
    WAREHOUSE,
    LedgerAccount,
    Role,
    accounts_sql,
    postings_sql,
)
from onecgw.demo.odata.slices import RATES

_DOCUMENTS: Final = {
    OPENING: "Document_ВводНачальныхОстатков",
    SALE: "Document_РеализацияТоваровУслуг",
    SALE_RETURN: "Document_ВозвратТоваровОтПокупателя",
    PURCHASE: "Document_ПоступлениеТоваровУслуг",
    PURCHASE_RETURN: "Document_ВозвратТоваровПоставщику",
    TRANSFER: "Document_ПеремещениеТоваров",
    CASH_IN: "Document_ПоступлениеНаРасчетныйСчет",
    CASH_OUT: "Document_СписаниеСРасчетногоСчета",
    CASH_TRANSFER: "Document_ПеремещениеДенежныхСредств",
}
_SETTLED: Final = (PARTNER, CONTRACT)
_MONEY: Final = (BANK_ACCOUNT, ARTICLE)
_CHART: Final = (
    LedgerAccount(code="000", name="Вспомогательный счет"),
    LedgerAccount(code="19.03", name="НДС по приобретенным материально-производственным запасам"),
    LedgerAccount(code="26", name="Общехозяйственные расходы", kind="Active", analytics=(ARTICLE,)),
    LedgerAccount(
        code="41.01", name="Товары на складах", kind="Active", analytics=(PRODUCT, WAREHOUSE)
    ),
    LedgerAccount(code="50.01", name="Касса организации", kind="Active", analytics=()),
    LedgerAccount(code="50.21", name="Касса организации (в валюте)", kind="Active", analytics=()),
    LedgerAccount(code="51", name="Расчетные счета", kind="Active", analytics=_MONEY),
    LedgerAccount(code="52", name="Валютные счета", kind="Active", analytics=_MONEY),
    LedgerAccount(code="60.01", name="Расчеты с поставщиками", kind="Passive", analytics=_SETTLED),
    LedgerAccount(code="60.02", name="Авансы выданные", kind="Active", analytics=_SETTLED),
    LedgerAccount(code="62.01", name="Расчеты с покупателями", kind="Active", analytics=_SETTLED),
    LedgerAccount(code="62.02", name="Авансы полученные", kind="Passive", analytics=_SETTLED),
    LedgerAccount(code="68", name="Налоги и сборы", analytics=(ARTICLE,)),
    LedgerAccount(code="68.02", name="НДС", kind="ActivePassive"),
    LedgerAccount(code="70", name="Расчеты с персоналом", kind="Passive", analytics=(ARTICLE,)),
    LedgerAccount(code="75.02", name="Расчеты по выплате доходов", analytics=(ARTICLE,)),
    LedgerAccount(
        code="90.01.1", name="Выручка", kind="Passive", analytics=(GROUP, VAT_RATE, PRODUCT)
    ),
    LedgerAccount(code="90.02.1", name="Себестоимость продаж", kind="Active", analytics=(GROUP,)),
    LedgerAccount(code="90.03", name="НДС", kind="Active", analytics=(GROUP, VAT_RATE)),
)
_ROLES: Final[Mapping[Role, str]] = {
    "receivable": "62.01", "received": "62.02", "payable": "60.01", "paid": "60.02",
    "goods": "41.01", "revenue": "90.01.1", "sold_vat": "90.03", "sold_cost": "90.02.1",
    "vat_out": "68.02", "vat_in": "19.03", "desk": "50.01", "foreign_desk": "50.21",
    "bank": "51", "foreign_bank": "52", "expenses": "26", "wages": "70", "taxes": "68",
    "dividends": "75.02", "opening": "000",
}  # fmt: skip
# The chart of BAS: role → code, name and what its balance may be. Analytics are those of the role.
_BAS: Final[Mapping[Role, tuple[str, str]]] = {
    "receivable": ("361", "Розрахунки з вітчизняними покупцями"),
    "received": ("6811", "Розрахунки за авансами одержаними"),
    "payable": ("631", "Розрахунки з вітчизняними постачальниками"),
    "paid": ("3711", "Розрахунки за виданими авансами"),
    "goods": ("281", "Товари на складі"),
    "revenue": ("702", "Дохід від реалізації товарів"),
    "sold_vat": ("7021", "ПДВ у доході від реалізації"),
    "sold_cost": ("902", "Собівартість реалізованих товарів"),
    "vat_out": ("6432", "Податкові зобов'язання"),
    "vat_in": ("6442", "Податковий кредит"),
    "desk": ("301", "Готівка в національній валюті"),
    "foreign_desk": ("302", "Готівка в іноземній валюті"),
    "bank": ("311", "Поточні рахунки в національній валюті"),
    "foreign_bank": ("312", "Поточні рахунки в іноземній валюті"),
    "expenses": ("92", "Адміністративні витрати"),
    "wages": ("661", "Розрахунки за заробітною платою"),
    "taxes": ("641", "Розрахунки за податками"),
    "dividends": ("671", "Розрахунки за нарахованими дивідендами"),
    "opening": ("00", "Допоміжний рахунок"),
}
# 361 and 631 are active-passive in BAS; the rest keep the kind of the account in the same role.
_BAS_EITHER: Final = frozenset({"361", "631"})


def _bas_chart() -> Iterator[LedgerAccount]:
    by_code = {one.code: one for one in _CHART}
    for role, (code, name) in _BAS.items():
        same = by_code[_ROLES[role]]
        yield LedgerAccount(
            code=code,
            name=name.replace("'", "''"),
            kind="ActivePassive" if code in _BAS_EITHER else same.kind,
            analytics=same.analytics,
        )


_SETUP: Final = setup(
    desks="Catalog_Кассы",
    shops="Catalog_Кассы",
    accounts="Catalog_БанковскиеСчета",
    documents=_DOCUMENTS,
)
# Kind of subconto → its name, the type of its values, and SQL of a value.
_SUBCONTO: Final[Mapping[int, tuple[str, str, str]]] = {
    PARTNER: ("Контрагенты", "Catalog_Контрагенты", of_catalogue("partners", "{0}")),
    CONTRACT: ("Договоры", "Catalog_ДоговорыКонтрагентов", numbered(0xA003, "{0}")),
    GROUP: (
        "Номенклатурные группы",
        "Catalog_НоменклатурныеГруппы",
        of_catalogue("products", "{0}"),
    ),
    VAT_RATE: (
        "Ставки НДС",
        "СтавкиНДС",
        "(SELECT 'НДС' || vat_percent FROM firms WHERE id = {0})",
    ),
    PRODUCT: ("Номенклатура", "Catalog_Номенклатура", of_catalogue("products", "{0}")),
    WAREHOUSE: ("Склады", "Catalog_Склады", of_catalogue("warehouses", "{0}")),
    BANK_ACCOUNT: ("Банковские счета", "Catalog_БанковскиеСчета", of_catalogue("cash", "{0}")),
    ARTICLE: (
        "Статьи движения денежных средств",
        "Catalog_СтатьиДвиженияДенежныхСредств",
        of_catalogue("cost_articles", "{0}"),
    ),
}
_CHART_SET: Final = "ChartOfAccounts_Хозрасчетный"
_KINDS_SET: Final = "ChartOfCharacteristicTypes_ВидыСубконтоХозрасчетные"
_REGISTER: Final = "AccountingRegister_Хозрасчетный"


def _account(name: str, column: str) -> ODataField:
    return ODataField(
        name=name,
        kind="guid",
        sql=numbered(0xACC0, column),
        raw=(column,),
        targets=(_CHART_SET,),
    )


def _subconto(name: str, account: str, column: str, place: int) -> ODataField:
    """A subconto: the account tells of what kind it is."""
    kind = f"(SELECT kind{place} FROM accounts WHERE accounts.id = {account})"  # noqa: S608 - names that stand below
    return _subconto_value(name, kind, column, (account, column))


def _subconto_value(name: str, kind: str, column: str, raw: tuple[str, ...]) -> ODataField:
    values = " ".join(
        f"WHEN {number} THEN {sql.format(column)}" for number, (_, _, sql) in _SUBCONTO.items()
    )
    types = " ".join(f"WHEN {number} THEN '{one}'" for number, (_, one, _) in _SUBCONTO.items())
    return ODataField(
        name=name,
        kind="composite",
        sql=f"CASE WHEN {column} IS NULL THEN '' ELSE CASE {kind} {values} ELSE '' END END",
        type_sql=f"'{NAMESPACE}' || CASE WHEN {column} IS NULL THEN 'Undefined' "
        f"ELSE CASE {kind} {types} ELSE 'Undefined' END END",
        raw=raw,
        targets=tuple(one for _, one, _ in _SUBCONTO.values() if "_" in one),
    )


def _side(prefix: str, suffix: str, account: str, sub: str) -> tuple[ODataField, ...]:
    return (
        _account(f"{prefix}Account{suffix}", account),
        *(
            _subconto(f"{prefix}ExtDimension{suffix}{place}", account, f"{sub}{place}", place)
            for place in (1, 2, 3)
        ),
    )


_FIRM: Final = ref("Организация", "Catalog_Организации", "firm_id")
_DIMENSIONS: Final = (_FIRM, empty("Подразделение", "Catalog_ПодразделенияОрганизаций"))
_CURRENCY: Final = empty("Валюта", "Catalog_Валюты")
_OWN: Final = _side("", "", "account", "sub")
_BALANCED: Final = _side("Balanced", "", "corr_account", "corr_sub")
_DEBIT, _CREDIT = _side("", "Dr", "dr_account", "dr_"), _side("", "Cr", "cr_account", "cr_")
_RESOURCES: Final = (
    number("Сумма", "side * amount"),
    number("ВалютнаяСумма", "side * own"),
    number("Количество", "side * qty", 3),
)


def _names(fields: tuple[ODataField, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns_of(fields))


def _sums(suffixes: Mapping[str, str]) -> tuple[ODataColumn, ...]:
    return tuple(
        ODataColumn(
            name=one.name + suffix,
            kind="number",
            sql=sql.format(one.sql),
            places=one.places,
            base=one.name,
        )
        for one in _RESOURCES
        for suffix, sql in suffixes.items()
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
_BOTH: Final = {
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
_PERIOD: Final[Mapping[str, None]] = {"EndPeriod": None, "StartPeriod": None}
_BALANCED_ACCOUNT: Final = ("BalancedAccount_Key", "Account_Key=BalancedAccount_Key")


def _tables() -> Iterator[VirtualTable]:
    own_fields = (*_DIMENSIONS, _CURRENCY)
    condition = _names((*own_fields, *_OWN[1:]))
    common = {
        "AccountCondition": ("Account_Key",),
        "Condition": condition,
        "Dimensions": None,
        "ExtraDimensions": None,
    }
    for function, result, sums, period, parameters, fields in (
        ("Balance", "Balance", _BALANCE, "before", {**common, "Period": None}, _OWN),
        (
            "Turnovers",
            "Turnover",
            _TURNOVER,
            "between",
            {
                **common,
                **_PERIOD,
                "BalancedAccountCondition": _BALANCED_ACCOUNT,
                "BalancedExtraDimensions": None,
            },
            (*_OWN, *_BALANCED),
        ),
        (
            "BalanceAndTurnovers",
            "BalanceAndTurnover",
            _BOTH,
            "to_end",
            {**common, **_PERIOD},
            _OWN,
        ),
    ):
        yield VirtualTable(
            function=function,
            owner=_REGISTER,
            bound_to=_REGISTER,
            result=f"{_REGISTER}_{result}",
            source="entries",
            parameters=parameters,
            period=period,  # type: ignore[arg-type] # one of the literals above
            dimensions=(*fields, *own_fields),
            fixed=frozenset(one.name for one in fields),
            sums=_sums(sums),
            accounts={"AccountCondition": "account", "BalancedAccountCondition": "corr_account"},
        )
    both = (*_DEBIT, *_CREDIT)
    yield VirtualTable(
        function="DrCrTurnovers",
        owner=_REGISTER,
        bound_to=_REGISTER,
        result=f"{_REGISTER}_DrCrTurnover",
        source="postings_facts",
        parameters={
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
        period="between",
        dimensions=(*both, *_DIMENSIONS),
        fixed=frozenset(one.name for one in both),
        accounts={"AccountCondition": "dr_account", "BalancedAccountCondition": "cr_account"},
        sums=tuple(
            ODataColumn(name=name, kind="number", sql=f"SUM({sql})", places=places, base=base)
            for name, base, sql, places in (
                ("СуммаTurnover", "Сумма", "amount", 2),
                ("ВалютнаяСуммаTurnoverDr", "ВалютнаяСумма", "dr_own", 2),
                ("ВалютнаяСуммаTurnoverCr", "ВалютнаяСумма", "cr_own", 2),
                ("КоличествоTurnoverDr", "Количество", "dr_qty", 3),
                ("КоличествоTurnoverCr", "Количество", "cr_qty", 3),
            )
        ),
    )
    yield VirtualTable(
        function="RecordsWithExtDimensions",
        owner=_REGISTER,
        bound_to=_REGISTER,
        result=f"{_REGISTER}_RecordsWithExtDimensions",
        source="(SELECT *, rowid AS line FROM postings_facts)",
        parameters={
            "Condition": _names((*_HEAD, *both, *_DIMENSIONS)),
            "Order": None,
            "Top": None,
            **_PERIOD,
        },
        period="between",
        dimensions=(*_HEAD, *both, *_DIMENSIONS, *_FIGURES),
    )

    yield VirtualTable(
        function="ExtDimensions",
        owner=_REGISTER,
        bound_to=_REGISTER,
        result=f"{_REGISTER}_ExtDimensions",
        source=_EXT_DIMENSIONS,
        parameters={},
        period="between",
        dimensions=(
            *_HEAD[:3],
            text("RecordType", "side"),
            ref("Kind", _KINDS_SET, "", numbered(0xA008, "kind")),
            _subconto_value("Value", "kind", "value", ("kind", "value")),
        ),
    )


_RECORDERS: Final = tuple(_DOCUMENTS.values())
_HEAD: Final = (
    document("Recorder", _RECORDERS),
    day("Period", "period"),
    ODataField(name="LineNumber", kind="int64", sql="line"),
    flag("Active", "1"),
)
_FIGURES: Final = (
    number("Сумма", "amount"),
    number("ВалютнаяСуммаDr", "dr_own"),
    number("ВалютнаяСуммаCr", "cr_own"),
    number("КоличествоDr", "dr_qty", 3),
    number("КоличествоCr", "cr_qty", 3),
)
_LINES: Final = (
    ref("Номенклатура", "Catalog_Номенклатура", "product_id"),
    number("Количество", "sign * qty", 3),
    number("Сумма", "sign * amount"),
    number("СуммаНДС", "sign * vat"),
)
_HEADER: Final = (
    _FIRM,
    ref("Контрагент", "Catalog_Контрагенты", "partner_id"),
    ref("ДоговорКонтрагента", "Catalog_ДоговорыКонтрагентов", "contract"),
    ref("Склад", "Catalog_Склады", "warehouse_id"),
)
_SETS: Final = (
    catalogue(
        "Контрагенты",
        "partners",
        day("ДатаСоздания", "own.created || 'T00:00:00'"),
        groups="folders",
    ),
    contacts("Catalog_Контрагенты"),
    catalogue("Организации", "firms"),
    catalogue("Склады", "warehouses", groups="folders"),
    catalogue(
        "Номенклатура",
        "products",
        text("Артикул", "own.code"),
        ref(
            "НоменклатурнаяГруппа",
            "Catalog_НоменклатурныеГруппы",
            "",
            of_catalogue("products", "own.parent"),
        ),
        unit_of_product("Catalog_КлассификаторЕдиницИзмерения"),
        groups="folders",
    ),
    units("КлассификаторЕдиницИзмерения"),
    catalogue(
        "НоменклатурныеГруппы", "products WHERE is_group", groups="folders", parents="products"
    ),
    catalogue("Пользователи", "sellers"),
    catalogue("СтатьиДвиженияДенежныхСредств", "cost_articles", groups="folders"),
    desks("БанковскиеСчета", firm="Owner", currency="ВалютаДенежныхСредств"),
    simple_catalogue(
        "ДоговорыКонтрагентов",
        "partner_keys",
        text("Code", "CAST(id AS TEXT)"),
        text("Description", "'Основной договор'"),
        ref("Owner", "Catalog_Контрагенты", "", of_catalogue("partners", "key_partner")),
        ref("Организация", "Catalog_Организации", "", of_catalogue("firms", "key_firm")),
        reference=numbered(0xA003, "id"),
    ),
    currencies(),
    EntitySet(
        name=_CHART_SET,
        owner=_CHART_SET,
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
    ),
    part(
        _CHART_SET,
        "ExtDimensionTypes",
        "(SELECT id, 1 AS line, kind1 AS kind FROM accounts WHERE kind1 UNION ALL "
        "SELECT id, 2, kind2 FROM accounts WHERE kind2 UNION ALL "
        "SELECT id, 3, kind3 FROM accounts WHERE kind3)",
        ref("ExtDimensionType", _KINDS_SET, "", numbered(0xA008, "kind")),
        flag("TurnoversOnly"),
        key=numbered(0xACC0, "id"),
        line="line",
    ),
    EntitySet(
        name=_KINDS_SET,
        owner=_KINDS_SET,
        columns=columns_of(
            (
                ODataField(name="Ref_Key", kind="guid", sql=numbered(0xA008, "id")),
                flag("DeletionMark"),
                text("Description", "label"),
            )
        ),
        source="subconto_kinds",
        stored=True,
    ),
    *(
        document_set(_DOCUMENTS[kind].removeprefix("Document_"), title, headers_of(kind), *_HEADER)
        for kind, title in (
            (SALE, "Реализация (акт, накладная)"),
            (SALE_RETURN, "Возврат товаров от покупателя"),
            (PURCHASE, "Поступление (акт, накладная)"),
            (PURCHASE_RETURN, "Возврат товаров поставщику"),
        )
    ),
    *(
        document_lines(_DOCUMENTS[kind], "Товары", (kind,), *_LINES)
        for kind in (SALE, SALE_RETURN, PURCHASE, PURCHASE_RETURN)
    ),
    EntitySet(
        name=_REGISTER,
        owner=_REGISTER,
        columns=columns_of(_HEAD[:1]),
        source="(SELECT DISTINCT doc_kind, doc FROM postings_facts)",
        keys=("Recorder", "Recorder_Type"),
    ),
    EntitySet(
        name=f"{_REGISTER}_RecordType",
        owner=_REGISTER,
        columns=columns_of((*_HEAD, _DEBIT[0], _CREDIT[0], *_DIMENSIONS, *_FIGURES)),
        source="(SELECT *, rowid AS line FROM postings_facts)",
        keys=("Recorder", "LineNumber", "Recorder_Type"),
    ),
    RATES.entity_set,
)
_KINDS: Final = ", ".join(f"({number}, '{name}')" for number, (name, _, _) in _SUBCONTO.items())
_SUBCONTO_KINDS: Final = f"""
CREATE TABLE subconto_kinds (id INTEGER PRIMARY KEY, label TEXT);
INSERT INTO subconto_kinds VALUES {_KINDS};
"""  # noqa: S608 - names above
SETUP: Final = _SETUP + _SUBCONTO_KINDS + accounts_sql(_CHART) + postings_sql(_ROLES)
SETUP_BAS: Final = (
    _SETUP
    + _SUBCONTO_KINDS
    + accounts_sql(_bas_chart())
    + postings_sql({role: code for role, (code, _) in _BAS.items()})
)
SCHEMA: Final[Schema] = schema_of(
    sets=_SETS,
    tables=[*_tables(), *RATES.tables],
    enumerations={"СтавкиНДС": ("НДС20", "НДС23")},
)

"""УНФ 3.0: what of it the demo publishes."""

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
    Register,
    catalogue,
    composite,
    day,
    document,
    document_set,
    empty,
    flag,
    money_place,
    number,
    ref,
    text,
    undefined,
)
from onecgw.demo.odata.model import ZERO_GUID, ODataField, Schema, schema_of
from onecgw.demo.odata.slices import RATES

# A return is a document of the opposite kind: УНФ has none of its own for it.
_DOCUMENTS: Final = {
    OPENING: "Document_ВводНачальныхОстатков",
    SALE: "Document_РасходнаяНакладная",
    SALE_RETURN: "Document_ПриходнаяНакладная",
    PURCHASE: "Document_ПриходнаяНакладная",
    PURCHASE_RETURN: "Document_РасходнаяНакладная",
    TRANSFER: "Document_ПеремещениеЗапасов",
    CASH_IN: "Document_ПоступлениеНаСчет",
    CASH_OUT: "Document_РасходСоСчета",
    CASH_TRANSFER: "Document_ПеремещениеДС",
}
_DESKS: Final = ("Catalog_Кассы", "Catalog_БанковскиеСчета")
_ALL: Final = tuple(dict.fromkeys(_DOCUMENTS.values()))
_SETUP: Final = setup(desks=_DESKS[0], shops=_DESKS[0], accounts=_DESKS[1], documents=_DOCUMENTS)

_FIRM: Final = ref("Организация", "Catalog_Организации", "firm_id")
_PRODUCT: Final = ref("Номенклатура", "Catalog_Номенклатура", "product_id")
_PARTNER: Final = ref("Контрагент", "Catalog_Контрагенты", "partner_id")
_CHARACTERISTIC: Final = empty("Характеристика", "Catalog_ХарактеристикиНоменклатуры")
_BATCH: Final = empty("Партия", "Catalog_ПартииНоменклатуры")
_UNIT: Final = ref("СтруктурнаяЕдиница", "Catalog_СтруктурныеЕдиницы", "warehouse_id")
_CURRENCY: Final = ref(
    "Валюта",
    "Catalog_Валюты",
    "cash_id",
    "(SELECT currencies.uuid FROM cash JOIN currencies ON cash.currency = currencies.code "
    "WHERE cash.id = cash_id)",
)
_MONEY_KIND: Final = text(
    "ТипДенежныхСредств",
    "CASE (SELECT catalogue FROM places WHERE places.id = cash_id) "
    "WHEN 'Catalog_Кассы' THEN 'Наличные' ELSE 'Безналичные' END",
    "cash_id",
)
_PLACE: Final = money_place("БанковскийСчетКасса", "cash_id", _DESKS)
# The analytics of a movement of money: a partner, or the other desk of a transfer.
_ANALYTICS: Final = ODataField(
    name="Аналитика",
    kind="composite",
    sql="CASE WHEN partner_id IS NOT NULL "
    "THEN (SELECT uuid FROM partners WHERE partners.id = partner_id) "
    "WHEN other_cash_id IS NOT NULL "
    "THEN (SELECT uuid FROM cash WHERE cash.id = other_cash_id) ELSE '' END",
    type_sql="'StandardODATA.' || CASE WHEN partner_id IS NOT NULL THEN 'Catalog_Контрагенты' "
    "WHEN other_cash_id IS NOT NULL "
    "THEN (SELECT catalogue FROM places WHERE places.id = other_cash_id) ELSE 'Undefined' END",
    raw=("partner_id", "other_cash_id"),
    targets=("Catalog_Контрагенты", *_DESKS),
)
_COST: Final = (number("Себестоимость", "cost"), number("СебестоимостьБезНДС", "cost"))


def _settlements(name: str, facts: str) -> Register:
    """A debt is above zero; an advance is an expense of the register, and below zero."""
    return Register(
        name=name,
        facts=facts,
        flow="CASE WHEN debt - prepayment < 0 THEN -1 ELSE 1 END",
        balances=True,
        dimensions=(
            _FIRM,
            text("ТипРасчетов", "CASE line WHEN 1 THEN 'Долг' ELSE 'Аванс' END", "line"),
            _PARTNER,
            ref("Договор", "Catalog_ДоговорыКонтрагентов", "contract"),
            undefined("Документ"),
            undefined("Заказ"),
        ),
        resources=(
            number("Сумма", "(debt - prepayment)"),
            number("СуммаВал", "(debt_own - prepayment_own)"),
            number("СуммаРег", "(debt - prepayment)"),
        ),
        recorders=_ALL,
    )


_REGISTERS: Final = (
    Register(
        name="Продажи",
        facts="sales_facts",
        balances=False,
        dimensions=(
            _PRODUCT,
            _CHARACTERISTIC,
            _BATCH,
            document("Документ", (_DOCUMENTS[SALE], _DOCUMENTS[SALE_RETURN])),
            _PARTNER,
            empty("СтавкаНДС", "Catalog_СтавкиНДС"),
            _FIRM,
            empty("ЗаказПокупателя", "Document_ЗаказПокупателя"),
            empty("Подразделение", "Catalog_СтруктурныеЕдиницы"),
            ref("Склад", "Catalog_СтруктурныеЕдиницы", "warehouse_id"),
            ref("Ответственный", "Catalog_Сотрудники", "seller_id"),
            empty("Проект", "Catalog_Проекты"),
        ),
        resources=(
            number("Количество", "qty", 3),
            number("Сумма", "amount"),
            number("СуммаНДС", "vat"),
            *_COST,
        ),
        recorders=_ALL,
    ),
    Register(
        name="ЗапасыНаСкладах",
        facts="stock_facts",
        balances=True,
        dimensions=(
            _FIRM,
            _PRODUCT,
            _CHARACTERISTIC,
            _BATCH,
            _UNIT,
            empty("Ячейка", "Catalog_Ячейки"),
        ),
        resources=(number("Количество", "qty", 3),),
        recorders=_ALL,
    ),
    Register(
        name="Запасы",
        facts="stock_facts",
        balances=True,
        dimensions=(
            _FIRM,
            composite("СтруктурнаяЕдиница", "Catalog_СтруктурныеЕдиницы", "warehouse_id"),
            _PRODUCT,
            _CHARACTERISTIC,
            _BATCH,
            empty("СчетУчета", "ChartOfAccounts_Управленческий"),
        ),
        resources=(
            number("Количество", "qty", 3),
            number("Сумма", "cost"),
            number("СуммаБезНДС", "cost"),
        ),
        recorders=_ALL,
    ),
    _settlements("РасчетыСПокупателями", "receivables_facts"),
    _settlements("РасчетыСПоставщиками", "payables_facts"),
    Register(
        name="ДенежныеСредства",
        facts="cash_facts",
        balances=True,
        dimensions=(
            _FIRM,
            _MONEY_KIND,
            _PLACE,
            _CURRENCY,
            empty("ДоговорКонтрагента", "Catalog_ДоговорыКонтрагентов"),
        ),
        resources=(number("Сумма", "amount"), number("СуммаВал", "own")),
        recorders=_ALL,
    ),
    Register(
        name="ДвиженияДенежныхСредств",
        facts="(SELECT * FROM cash_facts WHERE operation_id IS NOT NULL)",
        balances=False,
        dimensions=(
            _FIRM,
            ref(
                "СценарийПланирования",
                "Catalog_СценарииПланирования",
                "",
                "(SELECT uuid FROM scenarios WHERE is_actual)",
            ),
            _MONEY_KIND,
            _PLACE,
            _CURRENCY,
            ref("Статья", "Catalog_СтатьиДвиженияДенежныхСредств", "article_id"),
            ref("ХозяйственнаяОперация", "Catalog_ХозяйственныеОперации", "operation_id"),
            empty("Проект", "Catalog_Проекты"),
            empty("Подразделение", "Catalog_СтруктурныеЕдиницы"),
            _ANALYTICS,
        ),
        resources=(
            number("СуммаПриход", "MAX(amount, 0)"),
            number("СуммаРасход", "MAX(-amount, 0)"),
            number("СуммаПриходВал", "MAX(own, 0)"),
            number("СуммаРасходВал", "MAX(-own, 0)"),
        ),
        recorders=_ALL,
    ),
    Register(
        name="Закупки",
        facts="purchases_facts",
        balances=False,
        dimensions=(
            _FIRM,
            empty("ЗаказПоставщику", "Document_ЗаказПоставщику"),
            _PRODUCT,
            _CHARACTERISTIC,
            _BATCH,
            document("Документ", (_DOCUMENTS[PURCHASE], _DOCUMENTS[PURCHASE_RETURN])),
        ),
        resources=(
            number("Количество", "qty", 3),
            number("Сумма", "amount"),
            number("СуммаНДС", "vat"),
        ),
        recorders=_ALL,
    ),
)

_LINES: Final = (
    _PRODUCT,
    number("Количество", "sign * qty", 3),
    number("Сумма", "sign * (amount - vat)"),
    number("СуммаНДС", "sign * vat"),
    number("Всего", "sign * amount"),
)
_SHIPPED: Final = (SALE, PURCHASE_RETURN)
_RECEIVED: Final = (PURCHASE, SALE_RETURN)


def _operation_kind(normal: int, then: str, otherwise: str) -> ODataField:
    return text("ВидОперации", f"CASE doc_kind WHEN {normal} THEN '{then}' ELSE '{otherwise}' END")


_SETS: Final = (
    catalogue(
        "Контрагенты",
        "partners",
        day("ДатаСоздания", "own.created || 'T00:00:00'"),
        flag("Недействителен", "own.archived"),
        flag("Покупатель", "1"),
        flag("Поставщик", "1"),
        groups="folders",
    ),
    contacts("Catalog_Контрагенты"),
    catalogue("Организации", "firms"),
    catalogue(
        "СтруктурныеЕдиницы",
        "warehouses",
        text("ТипСтруктурнойЕдиницы", "'Склад'"),
        groups="items",
    ),
    catalogue(
        "Номенклатура",
        "products",
        text("Артикул", "own.code"),
        unit_of_product("Catalog_КлассификаторЕдиницИзмерения"),
        groups="folders",
    ),
    units("КлассификаторЕдиницИзмерения"),
    catalogue("Сотрудники", "sellers"),
    catalogue("Пользователи", "sellers"),
    catalogue("СтатьиДвиженияДенежныхСредств", "cost_articles", groups="folders"),
    catalogue("ХозяйственныеОперации", "operations", groups="folders"),
    catalogue(
        "СценарииПланирования",
        "scenarios",
        predefined="CASE WHEN own.is_actual THEN 'Фактический' ELSE '' END",
    ),
    desks("Кассы", firm="Организация", currency="ВалютаПоУмолчанию"),
    desks("БанковскиеСчета", firm="Owner", currency="ВалютаДенежныхСредств"),
    currencies(),
    document_set(
        "РасходнаяНакладная",
        "Расходная накладная",
        headers_of(*_SHIPPED),
        _operation_kind(SALE, "ПродажаПокупателю", "ВозвратПоставщику"),
        _FIRM,
        _PARTNER,
        _UNIT,
    ),
    document_lines("Document_РасходнаяНакладная", "Запасы", _SHIPPED, *_LINES),
    document_set(
        "ПриходнаяНакладная",
        "Приходная накладная",
        headers_of(*_RECEIVED),
        _operation_kind(PURCHASE, "ПоступлениеОтПоставщика", "ВозвратОтПокупателя"),
        _FIRM,
        _PARTNER,
        _UNIT,
    ),
    document_lines("Document_ПриходнаяНакладная", "Запасы", _RECEIVED, *_LINES),
    RATES.entity_set,
    *(one for register in _REGISTERS for one in register.sets()),
)
SETUP: Final = f"""{_SETUP}
CREATE TABLE scenarios AS
SELECT 1 AS id, '0000a007-0000-4000-8000-000000000001' AS uuid, '1' AS code,
    'Фактический' AS label, 0 AS archived, 1 AS is_actual, '{ZERO_GUID}' AS parent
UNION ALL
SELECT 2, '0000a007-0000-4000-8000-000000000002', '2', 'Основной', 0, 0, '{ZERO_GUID}';
"""

SCHEMA: Final[Schema] = schema_of(
    sets=_SETS,
    tables=[*(table for register in _REGISTERS for table in register.tables()), *RATES.tables],
    enumerations={
        "ТипыРасчетов": ("Долг", "Аванс"),
        "ТипыДенежныхСредств": ("Наличные", "Безналичные"),
        "ТипыСтруктурныхЕдиниц": ("Склад", "Розница", "РозницаСуммовойУчет"),
        "ВидыОперацийРасходнаяНакладная": ("ПродажаПокупателю", "ВозвратПоставщику"),
        "ВидыОперацийПриходнаяНакладная": ("ПоступлениеОтПоставщика", "ВозвратОтПокупателя"),
    },
)

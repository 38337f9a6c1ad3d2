"""УТ 11.5 and its family: what of it the demo publishes."""

from typing import Final

from onecgw.demo.odata.common import (
    OPENING_OPERATIONS,
    OPERATIONS,
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
    EXTRA_COST,
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
    document_set,
    empty,
    flag,
    money_place,
    number,
    numbered,
    of_catalogue,
    ref,
    simple_catalogue,
    text,
    undefined,
)
from onecgw.demo.odata.model import NAMESPACE, ODataField, Schema, schema_of
from onecgw.demo.odata.slices import RATES

_DOCUMENTS: Final = {
    OPENING: "Document_ВводОстатков",
    SALE: "Document_РеализацияТоваровУслуг",
    SALE_RETURN: "Document_ВозвратТоваровОтКлиента",
    PURCHASE: "Document_ПриобретениеТоваровУслуг",
    PURCHASE_RETURN: "Document_ВозвратТоваровПоставщику",
    TRANSFER: "Document_ПеремещениеТоваров",
    CASH_IN: "Document_ПоступлениеБезналичныхДенежныхСредств",
    CASH_OUT: "Document_СписаниеБезналичныхДенежныхСредств",
    CASH_TRANSFER: "Document_ПеремещениеДенежныхСредств",
}
_DESKS: Final = (
    "Catalog_Кассы",
    "Catalog_КассыККМ",
    "Catalog_БанковскиеСчетаОрганизаций",
)
SETUP: Final = setup(desks=_DESKS[0], shops=_DESKS[1], accounts=_DESKS[2], documents=_DOCUMENTS)

_PRODUCT_KEY: Final = ref(
    "АналитикаУчетаНоменклатуры", "Catalog_КлючиАналитикиУчетаНоменклатуры", "product_key"
)
_PARTNER_KEY: Final = ref(
    "АналитикаУчетаПоПартнерам", "Catalog_КлючиАналитикиУчетаПоПартнерам", "partner_key"
)
_FIRM: Final = ref("Организация", "Catalog_Организации", "firm_id")
_PARTNER: Final = ref("Партнер", "Catalog_Партнеры", "partner_id")
_COUNTERPARTY: Final = ODataField(
    name="Контрагент",
    kind="composite",
    sql=numbered(0xA004, "partner_id"),
    type_sql=f"'{NAMESPACE}Catalog_Контрагенты'",
    raw=("partner_id",),
    targets=("Catalog_Контрагенты",),
)
_WAREHOUSE: Final = ref("Склад", "Catalog_Склады", "warehouse_id")
_PRODUCT: Final = ref("Номенклатура", "Catalog_Номенклатура", "product_id")
_CURRENCY_OF_FIRM: Final = ODataField(
    name="Валюта",
    kind="guid",
    sql="(SELECT currencies.uuid FROM firms JOIN currencies ON code_of_firm = currencies.code "
    "WHERE firms.id = firm_id)".replace("code_of_firm", "firms.currency"),
    raw=("firm_id",),
    targets=("Catalog_Валюты",),
)
_OPERATION: Final = text(
    "ХозяйственнаяОперация",
    "COALESCE((SELECT member FROM operation_members WHERE id = operation_id), "  # noqa: S608 - constants
    "CASE (SELECT catalogue FROM places WHERE places.id = cash_id) "
    f"WHEN '{_DESKS[2]}' THEN '{OPENING_OPERATIONS[1]}' ELSE '{OPENING_OPERATIONS[0]}' END)",
    "operation_id",
    "cash_id",
)
_ARTICLE: Final = ref(
    "СтатьяДвиженияДенежныхСредств", "Catalog_СтатьиДвиженияДенежныхСредств", "article_id"
)


def _operation(name: str, kinds: dict[int, str]) -> ODataField:
    """An operation that follows from the kind of document."""
    cases = " ".join(f"WHEN {kind} THEN '{member}'" for kind, member in kinds.items())
    return text(name, f"CASE doc_kind {cases} END", "doc_kind")


_SALES: Final = Register(
    name="ВыручкаИСебестоимостьПродаж",
    facts="sales_facts",
    balances=False,
    dimensions=(
        _PRODUCT_KEY,
        undefined("ЗаказКлиента"),
        _PARTNER_KEY,
        empty("Подразделение", "Catalog_СтруктураПредприятия"),
        text("ТипЗапасов", "'Товар'"),
        empty("ВидЗапасов", "Catalog_ВидыЗапасов"),
        text("РазделУчета", "'ТоварыНаСкладах'"),
        undefined("Партия"),
        empty("АналитикаУчетаПартий", "Catalog_КлючиАналитикиУчетаПартий"),
        undefined("АналитикаФинансовогоУчета"),
        text("ВидДеятельностиНДС"),
        ref("Менеджер", "Catalog_Пользователи", "seller_id"),
        composite("Склад", "Catalog_Склады", "warehouse_id"),
        empty("Соглашение", "Catalog_СоглашенияСКлиентами"),
        undefined("Договор"),
        _operation(
            "ХозяйственнаяОперация",
            {SALE: "РеализацияКлиенту", SALE_RETURN: "ВозвратТоваровОтКлиента"},
        ),
    ),
    resources=(
        number("Количество", "qty", 3),
        number("СуммаВыручки", "amount"),
        number("СуммаВыручкиБезНДС", "(amount - vat)"),
        number("СуммаВыручкиРегл", "(amount - vat)"),
        number("Стоимость", f"(cost - {EXTRA_COST})"),
        number("СтоимостьБезНДС", f"(cost - {EXTRA_COST})"),
        number("СтоимостьРегл", f"(cost - {EXTRA_COST})"),
        number("ДопРасходы", EXTRA_COST),
        number("ДопРасходыБезНДС", EXTRA_COST),
        number("ДопРасходыРегл", EXTRA_COST),
        number("СуммаРучнойСкидки"),
    ),
    recorders=(_DOCUMENTS[SALE], _DOCUMENTS[SALE_RETURN]),
)


def _by_terms(name: str, facts: str) -> Register:
    return Register(
        name=name,
        facts=facts,
        balances=True,
        dimensions=(
            _PARTNER_KEY,
            empty("ОбъектРасчетов", "Catalog_ОбъектыРасчетов"),
            _CURRENCY_OF_FIRM,
            undefined("РасчетныйДокумент"),
            day("ДатаПлановогоПогашения"),
            day("ДатаВозникновения"),
        ),
        resources=(
            number("Предоплата", "prepayment_own"),
            number("ПредоплатаРегл", "prepayment"),
            number("ПредоплатаУпр", "prepayment"),
            number("Долг", "debt_own"),
            number("ДолгРегл", "debt"),
            number("ДолгУпр", "debt"),
        ),
        recorders=tuple(_DOCUMENTS.values()),
    )


def _settled(name: str, facts: str) -> Register:
    return Register(
        name=name,
        facts=facts,
        balances=True,
        dimensions=(
            _PARTNER_KEY,
            empty("ОбъектРасчетов", "Catalog_ОбъектыРасчетов"),
            _CURRENCY_OF_FIRM,
        ),
        resources=(number("Сумма", "(debt_own - prepayment_own)"), number("КОплате", "debt_own")),
        attributes=(
            number("СуммаРегл", "(debt - prepayment)"),
            number("СуммаУпр", "(debt - prepayment)"),
        ),
        recorders=tuple(_DOCUMENTS.values()),
    )


def _money(name: str, place: str, kind: str) -> Register:
    return Register(
        name=name,
        facts=f"(SELECT * FROM cash_facts WHERE cash_id IN (SELECT id FROM places WHERE catalogue = '{kind}'))",  # noqa: E501, S608 - the names stand below
        balances=True,
        dimensions=(ref(place, kind, "cash_id"), _FIRM),
        resources=(
            number("Сумма", "own"),
            number("СуммаУпр", "amount"),
            number("СуммаРегл", "amount"),
        ),
        attributes=(_OPERATION, _ARTICLE, _PARTNER_KEY),
        recorders=tuple(_DOCUMENTS.values()),
    )


_REGISTERS: Final = (
    _SALES,
    _by_terms("РасчетыСКлиентамиПоСрокам", "receivables_facts"),
    _by_terms("РасчетыСПоставщикамиПоСрокам", "payables_facts"),
    _settled("РасчетыСКлиентами", "receivables_facts"),
    _settled("РасчетыСПоставщиками", "payables_facts"),
    Register(
        name="ТоварыНаСкладах",
        facts="stock_facts",
        balances=True,
        dimensions=(
            _PRODUCT,
            empty("Характеристика", "Catalog_ХарактеристикиНоменклатуры"),
            empty("Назначение", "Catalog_Назначения"),
            _WAREHOUSE,
            empty("Помещение", "Catalog_СкладскиеПомещения"),
            empty("Серия", "Catalog_СерииНоменклатуры"),
        ),
        resources=(number("ВНаличии", "qty", 3), number("КОтгрузке", places=3)),
        recorders=tuple(_DOCUMENTS.values()),
    ),
    Register(
        name="СебестоимостьТоваров",
        facts="stock_facts",
        balances=True,
        dimensions=(
            _PRODUCT_KEY,
            text("РазделУчета", "'ТоварыНаСкладах'"),
            empty("ВидЗапасов", "Catalog_ВидыЗапасов"),
            _FIRM,
            undefined("Партия"),
        ),
        resources=(
            number("Количество", "qty", 3),
            number("Стоимость", f"(cost - {EXTRA_COST})"),
            number("СтоимостьБезНДС", f"(cost - {EXTRA_COST})"),
            number("СтоимостьРегл", f"(cost - {EXTRA_COST})"),
            number("СтоимостьУпр", f"(cost - {EXTRA_COST})"),
            number("ДопРасходы", EXTRA_COST),
            number("ДопРасходыБезНДС", EXTRA_COST),
            number("ДопРасходыРегл", EXTRA_COST),
            number("ДопРасходыУпр", EXTRA_COST),
        ),
        recorders=tuple(_DOCUMENTS.values()),
    ),
    _money("ДенежныеСредстваНаличные", "Касса", _DESKS[0]),
    _money("ДенежныеСредстваВКассахККМ", "КассаККМ", _DESKS[1]),
    _money("ДенежныеСредстваБезналичные", "БанковскийСчет", _DESKS[2]),
    Register(
        name="ДвиженияДенежныхСредств",
        facts="(SELECT * FROM cash_facts WHERE operation_id IS NOT NULL)",
        balances=False,
        dimensions=(
            _OPERATION,
            _FIRM,
            empty("Подразделение", "Catalog_СтруктураПредприятия"),
            money_place("ДенежныеСредства", "cash_id", _DESKS),
            _ARTICLE,
            ref(
                "Валюта",
                "Catalog_Валюты",
                "cash_id",
                "(SELECT currencies.uuid FROM cash JOIN currencies "
                "ON cash.currency = currencies.code WHERE cash.id = cash_id)",
            ),
            money_place("КорДенежныеСредства", "other_cash_id", _DESKS),
        ),
        resources=(
            number("Сумма", "amount"),
            number("СуммаРегл", "amount"),
            number("СуммаВВалюте", "own"),
        ),
        recorders=tuple(_DOCUMENTS.values()),
    ),
    Register(
        name="Закупки",
        facts="purchases_facts",
        balances=False,
        dimensions=(
            _operation(
                "ХозяйственнаяОперация",
                {PURCHASE: "ЗакупкаУПоставщика", PURCHASE_RETURN: "ВозвратТоваровПоставщику"},
            ),
            _FIRM,
            empty("Подразделение", "Catalog_СтруктураПредприятия"),
            empty("Менеджер", "Catalog_Пользователи"),
            _PRODUCT_KEY,
            composite("Склад", "Catalog_Склады", "warehouse_id"),
            text("ТипЗапасов", "'Товар'"),
            empty("ВидЗапасов", "Catalog_ВидыЗапасов"),
            _PARTNER,
            _COUNTERPARTY,
            empty("Соглашение", "Catalog_СоглашенияСПоставщиками"),
            undefined("Договор"),
            undefined("Заказ"),
        ),
        resources=(
            number("Количество", "qty", 3),
            number("Сумма", "amount"),
            number("СуммаБезНДС", "(amount - vat)"),
            number("СуммаРегл", "(amount - vat)"),
            number("Стоимость", "(amount - vat)"),
        ),
        recorders=(_DOCUMENTS[PURCHASE], _DOCUMENTS[PURCHASE_RETURN]),
    ),
)

_LINES: Final = (
    _PRODUCT,
    number("Количество", "sign * qty", 3),
    number("СуммаСНДС", "sign * amount"),
    number("СуммаНДС", "sign * vat"),
)
_HEADER: Final = (_FIRM, _PARTNER, _WAREHOUSE)
_SETS: Final = (
    catalogue(
        "Партнеры",
        "partners",
        day("ДатаРегистрации", "own.created || 'T00:00:00'"),
        flag("Клиент", "1"),
        groups="items",
    ),
    contacts("Catalog_Партнеры"),
    simple_catalogue(
        "Контрагенты",
        "(SELECT * FROM partners WHERE NOT is_group)",
        text("Code", "code"),
        text("Description", "label"),
        ref("Партнер", "Catalog_Партнеры", "id", "uuid"),
        reference=numbered(0xA004, "id"),
    ),
    catalogue("Организации", "firms"),
    catalogue("Склады", "warehouses", groups="folders"),
    catalogue(
        "Номенклатура",
        "products",
        text("Артикул", "own.code"),
        unit_of_product("Catalog_УпаковкиЕдиницыИзмерения"),
        groups="folders",
    ),
    units("УпаковкиЕдиницыИзмерения"),
    catalogue("Пользователи", "sellers"),
    catalogue("СтатьиДвиженияДенежныхСредств", "cost_articles", groups="folders"),
    desks("Кассы", firm="Owner", currency="ВалютаДенежныхСредств"),
    desks("КассыККМ", firm="Владелец", currency="ВалютаДенежныхСредств"),
    desks(
        "БанковскиеСчетаОрганизаций",
        firm="Owner",
        currency="ВалютаДенежныхСредств",
        groups="folders",
    ),
    currencies(),
    simple_catalogue(
        "КлючиАналитикиУчетаНоменклатуры",
        "product_keys",
        text("Description", "''"),
        ref("Номенклатура", "Catalog_Номенклатура", "", of_catalogue("products", "key_product")),
        empty("Характеристика", "Catalog_ХарактеристикиНоменклатуры"),
        empty("Серия", "Catalog_СерииНоменклатуры"),
        ODataField(
            name="МестоХранения",
            kind="composite",
            sql=of_catalogue("warehouses", "key_warehouse"),
            type_sql=f"'{NAMESPACE}Catalog_Склады'",
            targets=("Catalog_Склады",),
        ),
        empty("Организация", "Catalog_Организации"),
        reference=numbered(0xA001, "id"),
    ),
    simple_catalogue(
        "КлючиАналитикиУчетаПоПартнерам",
        "partner_keys",
        text("Description", "''"),
        ref("Партнер", "Catalog_Партнеры", "", of_catalogue("partners", "key_partner")),
        ref("Организация", "Catalog_Организации", "", of_catalogue("firms", "key_firm")),
        ODataField(
            name="Контрагент",
            kind="composite",
            sql=numbered(0xA004, "key_partner"),
            type_sql=f"'{NAMESPACE}Catalog_Контрагенты'",
            targets=("Catalog_Контрагенты",),
        ),
        undefined("Договор"),
        empty("НаправлениеДеятельности", "Catalog_НаправленияДеятельности"),
        reference=numbered(0xA002, "id"),
    ),
    *(
        document_set(_DOCUMENTS[kind].removeprefix("Document_"), title, headers_of(kind), *_HEADER)
        for kind, title in (
            (SALE, "Реализация товаров и услуг"),
            (SALE_RETURN, "Возврат товаров от клиента"),
            (PURCHASE, "Приобретение товаров и услуг"),
            (PURCHASE_RETURN, "Возврат товаров поставщику"),
        )
    ),
    *(
        document_lines(_DOCUMENTS[kind], "Товары", (kind,), *_LINES)
        for kind in (SALE, SALE_RETURN, PURCHASE, PURCHASE_RETURN)
    ),
    RATES.entity_set,
    *(one for register in _REGISTERS for one in register.sets()),
)

SCHEMA: Final[Schema] = schema_of(
    sets=_SETS,
    tables=[*(table for register in _REGISTERS for table in register.tables()), *RATES.tables],
    enumerations={
        "ХозяйственныеОперации": (
            *OPENING_OPERATIONS,
            *OPERATIONS.values(),
            "РеализацияКлиенту",
            "ВозвратТоваровОтКлиента",
            "ЗакупкаУПоставщика",
            "ВозвратТоваровПоставщику",
        ),
        "РазделыУчетаСебестоимостиТоваров": ("ТоварыНаСкладах",),
    },
)

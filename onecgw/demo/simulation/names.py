"""The words of the demo company: invented Ukrainian, Russian and Polish names."""

from random import Random
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"

ANONYMOUS: Final = "Розничный покупатель"
SCENARIO_GROUP: Final = "Обігрівачі"

_SYLLABLES_UK: Final = (
    "вел", "мар", "то", "рен", "зі", "ка", "дор", "лум", "ні", "сте",
    "бра", "ви", "ксо", "пал", "мі", "рос", "тар", "хел", "ум", "ген",
)  # fmt: skip
_SYLLABLES_RU: Final = (
    "вер", "мол", "ты", "рун", "зё", "ке", "дал", "лем", "ны", "сту",
    "бро", "вы", "кса", "пёл", "ми", "рас", "тор", "хол", "эм", "гон",
)  # fmt: skip
_SYLLABLES_PL: Final = (
    "wel", "mar", "zy", "ren", "ło", "ka", "dor", "lum", "nie", "sto",
    "bry", "wi", "kso", "pal", "mą", "ros", "tar", "hel", "um", "gen",
)  # fmt: skip

_FIRST_UK: Final = ("Олена", "Тарас", "Марія", "Богдан", "Софія", "Юрій", "Ганна", "Остап")
_LAST_UK: Final = ("Велимаренко", "Тихорік", "Зорецвіт", "Лугобрід", "Степомир", "Вербогай")
_FIRST_RU: Final = ("Алёна", "Пётр", "Анна", "Фёдор", "Вера", "Семён")
_LAST_RU: Final = ("Тихоберегов", "Звездопольев", "Новолугин", "Ясноборов", "Берёзин-Полев")
_FIRST_PL: Final = ("Agnieszka", "Łukasz", "Zofia", "Michał", "Małgorzata", "Paweł")
_LAST_PL: Final = ("Cichobrzeg", "Jasnoborek", "Złotopolny", "Wierzbogaj", "Nowołąka")

CITIES_UA: Final = ("Київ", "Львів", "Одеса", "Дніпро", "Харків", "Полтава", "Чернівці")
CITIES_PL: Final = ("Warszawa", "Kraków", "Łódź", "Gdańsk", "Wrocław")

# Folder → its groups: (name, what a product is called, unit, median price in hryvnias).
PRODUCT_GROUPS: Final = (
    ("Кліматична техніка", (
        (SCENARIO_GROUP, "Обігрівач конвекторний", "шт", 1900),
        ("Кондиціонери", "Кондиціонер настінний", "шт", 9800),
        ("Вентилятори", "Вентилятор підлоговий", "шт", 900),
        ("Зволожувачі", "Зволожувач повітря", "шт", 1600),
    )),
    ("Электроинструмент", (
        ("Дрели", "Дрель ударная", "шт", 1800),
        ("Перфораторы", "Перфоратор", "шт", 3600),
        ("Шлифмашины", "Шлифмашина угловая", "шт", 1500),
        ("Шуруповёрты", "Шуруповёрт аккумуляторный", "шт", 2300),
    )),
    ("Ручний інструмент", (
        ("Ключі", "Ключ ріжковий", "шт", 140),
        ("Молотки", "Молоток слюсарний", "шт", 260),
        ("Викрутки", "Викрутка хрестова", "шт", 90),
        ("Рулетки", "Рулетка", "шт", 120),
    )),
    ("Oświetlenie", (
        ("Lampy", "Lampa stołowa", "szt", 650),
        ("Żarówki", "Żarówka LED", "szt", 80),
        ("Oprawy", "Oprawa sufitowa", "szt", 480),
        ("Taśmy LED", "Taśma LED", "m", 75),
    )),
    ("Кабель і провід", (
        ("Кабель силовий", "Кабель силовий мідний", "м", 110),
        ("Провід", "Провід монтажний", "м", 55),
        ("Подовжувачі", "Подовжувач", "шт", 340),
        ("Розетки", "Розетка подвійна", "шт", 95),
    )),
    ("Сантехника", (
        ("Смесители", "Смеситель для кухни", "шт", 1300),
        ("Трубы", "Труба полипропиленовая", "м", 75),
        ("Фитинги", "Фитинг", "шт", 55),
        ("Насосы", "Насос погружной", "шт", 3200),
    )),
    ("Кріплення", (
        ("Саморізи", "Саморіз", "кг", 160),
        ("Дюбелі", "Дюбель розпірний", "уп", 85),
        ("Анкери", "Анкер клиновий", "уп", 190),
        ("Цвяхи", "Цвях будівельний", "кг", 95),
    )),
    ("Сад и огород", (
        ("Шланги", "Шланг поливочный", "м", 70),
        ("Секаторы", "Секатор", "шт", 310),
        ("Опрыскиватели", "Опрыскиватель", "шт", 870),
        ("Лопаты", "Лопата штыковая", "шт", 420),
    )),
)  # fmt: skip

# Articles that only one of the two firms has.
POLISH_ARTICLES: Final = frozenset({"ZUS", "Wynagrodzenia biuro", "Usługi kurierskie"})
UKRAINIAN_ARTICLES: Final = frozenset({"ЄСВ", "Військовий збір", "Зарубежные командировки"})
VAT_ARTICLE: Final = "ПДВ до бюджету"
DIVIDENDS_ARTICLE: Final = "Дивіденди"

PAID_BY_CUSTOMER: Final = "Оплата від покупця"
RETAIL_REVENUE: Final = "Розничная выручка"
REFUND_TO_CUSTOMER: Final = "Повернення коштів покупцю"
PAID_TO_SUPPLIER: Final = "Оплата поставщику"
REFUND_BY_SUPPLIER: Final = "Повернення коштів від постачальника"
TAXES: Final = "Уплата налогов"
DIVIDENDS: Final = "Виплата дивідендів"
TRANSFER_OUT: Final = "Перемещение денег: расход"
TRANSFER_IN: Final = "Перемещение денег: приход"

# Folder → (article, operation, desk that pays, weight).
COST_ARTICLES: Final = (
    ("Персонал", "Выплата зарплаты", "payroll", (
        ("Зарплата відділу продажу", 20), ("Зарплата складу", 12), ("Зарплата офісу", 10),
        ("Премії продавцям", 6), ("Лікарняні", 1), ("Отпускные", 3), ("Обучение персонала", 1),
        ("Wynagrodzenia biuro", 4),
    )),
    ("Налоги и сборы", "Уплата налогов", "bank", (
        (VAT_ARTICLE, 0), ("ЄСВ", 9), ("Податок на прибуток", 5), ("Військовий збір", 1),
        ("ZUS", 3), ("Екологічний податок", 0.3), ("Земельный налог", 0.4),
    )),
    ("Приміщення", "Оплата расходов", "bank", (
        ("Оренда складу", 12), ("Оренда офісу", 5), ("Оренда магазину", 6), ("Електроенергія", 4),
        ("Опалення", 2), ("Вода и канализация", 0.5), ("Охорона", 1.5), ("Ремонт", 1),
    )),
    ("Логістика", "Оплата расходов", "bank", (
        ("Доставка покупцям", 9), ("Доставка від постачальників", 6), ("Пальне", 4),
        ("Ремонт авто", 1.5), ("Страхування вантажів", 1), ("Пакувальні матеріали", 1.5),
        ("Таможенные услуги", 2), ("Usługi kurierskie", 2),
    )),
    ("Маркетинг", "Оплата расходов", "bank", (
        ("Контекстная реклама", 4), ("Соцмережі", 2), ("Виставки", 1.5), ("Поліграфія", 0.6),
        ("Сувеніри", 0.4), ("Промоакції", 1.2), ("Дослідження ринку", 0.5),
        ("Сайт та SEO", 1),
    )),
    ("ИТ и связь", "Оплата расходов", "bank", (
        ("Сопровождение 1С", 1.5), ("Хостинг", 0.6), ("Інтернет", 0.4), ("Мобільний зв’язок", 0.5),
        ("Оргтехніка", 0.8), ("Лицензии ПО", 0.9), ("Телефония", 0.3),
    )),
    ("Офис и командировки", "Хозяйственные расходы", "petty", (
        ("Канцтовари", 0.4), ("Вода та кава", 0.3), ("Прибирання", 0.7),
        ("Господарські товари", 0.5), ("Відрядження Україна", 0.8),
        ("Зарубежные командировки", 1.2), ("Представницькі витрати", 0.6),
    )),
    ("Финансовые расходы", "Оплата расходов", "bank", (
        ("Комісія банку", 1.2), ("Еквайринг", 1.8), ("Відсотки за кредитом", 1.5),
        ("Аудит", 0.6), ("Юридические услуги", 0.8), ("Страхування майна", 0.7),
        (DIVIDENDS_ARTICLE, 0),
    )),
)  # fmt: skip

OPERATIONS: Final = (
    PAID_BY_CUSTOMER,
    RETAIL_REVENUE,
    REFUND_TO_CUSTOMER,
    PAID_TO_SUPPLIER,
    REFUND_BY_SUPPLIER,
    "Выплата зарплаты",
    TAXES,
    "Оплата расходов",
    "Хозяйственные расходы",
    DIVIDENDS,
    TRANSFER_OUT,
    TRANSFER_IN,
)


def company_name(rng: Random, language: str) -> str:
    """An invented firm's name with its legal form; some carry a no-break space."""
    if language == "pl":
        return f"{_word(rng, _SYLLABLES_PL)} {rng.choice(('Sp. z o.o.', 'S.A.', 'P.H.U.'))}"
    if language == "ru":
        return f"{rng.choice(('ООО', 'ЧП', 'АО'))} «{_word(rng, _SYLLABLES_RU)}»"
    form = rng.choice(("ТОВ", "ПП", "ТОВ" + NBSP + "НВП", "ПрАТ"))
    separator = NBSP if rng.random() < 0.3 else " "  # noqa: PLR2004 - copied from other programs
    return f"{form}{separator}«{_word(rng, _SYLLABLES_UK)}»"


def person_name(rng: Random, language: str) -> str:
    """An invented person, surname first except in Poland."""
    if language == "pl":
        return f"{rng.choice(_FIRST_PL)} {rng.choice(_LAST_PL)}"
    if language == "ru":
        return f"{rng.choice(_LAST_RU)} {rng.choice(_FIRST_RU)}"
    return f"{rng.choice(_LAST_UK)} {rng.choice(_FIRST_UK)}"


def product_name(rng: Random, noun: str) -> str:
    """A product of a kind: its brand, its model, sometimes a nickname in quotation marks."""
    brand = _word(rng, _SYLLABLES_UK)
    model = f"{rng.choice('АВКМРТХ')}{rng.choice('АВКМРТХ')}-{rng.randrange(10, 990)}"
    nickname = rng.choice(("", "", "", " «Ёлка»", " «Мрія»", " «Север»", f"{NBSP}(чорний)"))
    return f"{noun} {brand} {model}{nickname}"


def phone(rng: Random, country: str) -> str:
    """A number that no operator can have: its area code is 00."""
    number = rng.randrange(10**7)
    return f"+{country} (00) {number // 10000:03}-{number // 100 % 100:02}-{number % 100:02}"


def _word(rng: Random, syllables: tuple[str, ...]) -> str:
    return "".join(rng.choice(syllables) for _ in range(3)).capitalize()

"""The names of 1C's objects: as OData spells them, and as 1C's own forms show them."""

import re
from typing import Final

WHERE_TO_PUBLISH: Final = (
    "Все функции → Обработки → «Настройка стандартного интерфейса OData» → Состав"
)
# OData prefix → the kind in 1C's forms, and in full names of metadata.
_KINDS: Final = {
    "Catalog": ("Справочник", "Справочник"),
    "Document": ("Документ", "Документ"),
    "AccumulationRegister": ("Регистр накопления", "РегистрНакопления"),
    "AccountingRegister": ("Регистр бухгалтерии", "РегистрБухгалтерии"),
    "InformationRegister": ("Регистр сведений", "РегистрСведений"),
    "ChartOfAccounts": ("План счетов", "ПланСчетов"),
    "ChartOfCharacteristicTypes": (
        "План видов характеристик",
        "ПланВидовХарактеристик",
    ),
}
_NAME: Final = re.compile(rf"({'|'.join(_KINDS)})_(\w+)")
_WORDS: Final = re.compile(
    r"[^\W\d_]?[^\W\d_A-ZА-ЯЁІЇЄҐ]+|[A-ZА-ЯЁІЇЄҐ]+(?![^\W\d_A-ZА-ЯЁІЇЄҐ])|\d+"
)
_RECORDS: Final = "_RecordType"
# Table of a register → the end of the name of the type of its rows.
ROW_TYPES: Final = {"Balance": "_Balance", "Turnovers": "_Turnover", "Records": _RECORDS}
_NAMESPACE: Final = "StandardODATA."


def is_object_name(text: str) -> bool:
    """Whether the text is the OData name of a kind of object that the profiles use."""
    return _NAME.fullmatch(text) is not None


def bare_type(text: str) -> str:
    """The name of a type without OData's namespace: `StandardODATA.Catalog_X` → `Catalog_X`."""
    return text.removeprefix(_NAMESPACE)


def records_of(register: str) -> str:
    """The set of a register's single records."""
    return f"{register}{_RECORDS}"


def published_object(entity_set: str) -> str:
    """The object whose publication brings a set: tabular parts and records belong to an owner."""
    kind, name = _split(entity_set.removesuffix(_RECORDS))
    # 1C's own object names contain no underscore in the stock configurations.
    return f"{kind}_{name.partition('_')[0]}"


def spaced(name: str) -> str:
    """A name as 1C's synonyms usually read: `ТоварыНаСкладах` → `Товары на складах`."""
    words = _WORDS.findall(name)
    rest = [word if word.isupper() and len(word) > 1 else word.lower() for word in words[1:]]
    return " ".join([*words[:1], *rest]) or name


def described(entity_set: str) -> str:
    """An object in the words of 1C's form, with its OData name."""
    owner = published_object(entity_set)
    kind, name = _split(owner)
    return f"«{_KINDS[kind][0]}: {spaced(name)}» ({owner})"


def full_name(entity_set: str) -> str:
    """The object as 1C's own language names it: `Справочник.Партнеры`."""
    kind, name = _split(published_object(entity_set))
    return f"{_KINDS[kind][1]}.{name}"


def _split(entity_set: str) -> tuple[str, str]:
    found = _NAME.fullmatch(entity_set)
    if found is None:
        raise ValueError(f"{entity_set} is not the OData name of a known kind of object")
    return found[1], found[2]

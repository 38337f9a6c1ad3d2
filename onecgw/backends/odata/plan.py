"""What an administrator publishes for a profile: the list of objects, or the code that sets it."""

import attrs

from onecgw.backends.odata.object_names import (
    WHERE_TO_PUBLISH,
    described,
    full_name,
    published_object,
)
from onecgw.backends.odata.profile import Profile


@attrs.frozen(kw_only=True)
class PlannedObject:
    """An object to publish. name: as OData names it. words: as 1C's form shows it."""

    name: str
    words: str


def objects_to_publish(profile: Profile) -> tuple[PlannedObject, ...]:
    """Every object that any tool of the profile reads, each once."""
    owners = dict.fromkeys(published_object(one) for one in profile.entity_sets())
    return tuple(PlannedObject(name=one, words=described(one)) for one in owners)


def as_text(profile: Profile) -> str:
    """The list, as a person ticks it."""
    lines = [f"{profile.title}: publish in {WHERE_TO_PUBLISH}", ""]
    return "\n".join([*lines, *(one.words for one in objects_to_publish(profile)), ""])


def as_bsl(profile: Profile) -> str:
    """Code for 1C that sets exactly this composition, without the dependents that the form adds.

    It runs once, in an external processing, as a user with full rights.
    """
    names = ",".join(full_name(one.name) for one in objects_to_publish(profile))
    return f"""// Состав стандартного интерфейса OData для onecgw, профиль {profile.name}.
// Заменяет весь прежний состав. Выполняется один раз пользователем с полными правами.
Состав = Новый Массив;
Для Каждого Имя Из СтрРазделить("{names}", ",") Цикл
\tОбъект = Метаданные.НайтиПоПолномуИмени(Имя);
\tЕсли Объект = Неопределено Тогда
\t\tСообщить("В этой конфигурации нет объекта " + Имя);
\tИначе
\t\tСостав.Добавить(Объект);
\tКонецЕсли;
КонецЦикла;
УстановитьСоставСтандартногоИнтерфейсаOData(Состав);
"""

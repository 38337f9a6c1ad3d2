"""The phrases by which the platform says what is wrong: Russian, Ukrainian, English.

They are in lower case, with е for ё and a plain apostrophe.
"""

from typing import Final

SESSION_EXPIRED: Final = (
    "истекло время ожидания сеанса",
    "сеанс отсутствует или удален",
    "сеанс работы завершен",
    "минув час очікування сеансу",
    "сеанс відсутній або видалений",
    "session timeout has expired",
    "session is missing or has been deleted",
)
NO_LICENSE: Final = (
    "не обнаружено свободной лицензии",
    "недостаточно лицензий",
    "не найдена лицензия",
    "лицензия не обнаружена",
    "ключ защиты программы не обнаружен",
    "не обнаружен ключ защиты",
    "не виявлено вільної ліцензії",
    "недостатньо ліцензій",
    "не знайдено ліцензі",
    "ліцензію не знайдено",
    "ключ захисту програми не виявлено",
    "no free license",
    "not enough licenses",
    "license not found",
    "license is not found",
)
BLOCKED: Final = (
    "начало сеанса с информационной базой запрещено",
    "вход в программу временно невозможен",
    "ошибка исключительной блокировки информационной базы",
    "початок сеансу з інформаційною базою заборонено",
    "вхід у програму тимчасово неможливий",
    "помилка виключного блокування інформаційної бази",
    "session start with the infobase is not allowed",
    "starting a session with the infobase is not allowed",
    "starting sessions with the infobase is denied",
    "error locking the infobase exclusively",
)
LOCKED: Final = (
    "ошибка блокировки данных",
    "конфликт блокировок",
    "превышено максимальное время ожидания предоставления блокировки",
    "взаимоблокировк",
    "помилка блокування даних",
    "конфлікт блокувань",
    "перевищено максимальний час очікування надання блокування",
    "data lock error",
    "lock conflict",
    "lock request time out",
    "deadlock",
)
SESSION_WANTED: Final = (
    "не указан заголовок управления сеансами",
    "не вказано заголовок керування сеансами",
    "session management header is not specified",
)
NO_SUCH_USER: Final = (
    "идентификация пользователя не выполнена",
    "ідентифікацію користувача не виконано",
    "user identification failed",
)
NO_RIGHT: Final = (
    "нарушение прав доступа",
    "недостаточно прав",
    "порушення прав доступу",
    "недостатньо прав",
    "access violation!",  # without the mark it is how Windows calls a crash
    "access rights violation",
    "insufficient access rights",
    "insufficient rights",
)
SERVER_GONE: Final = (
    "ошибка соединения с сервером 1с:предприяти",
    "сервер 1с:предприятия не обнаружен",
    "отсутствует соединение с сервером",
    "помилка з'єднання з сервером 1с:підприємств",
    "сервер 1с:підприємства не виявлено",
    "error connecting to 1c:enterprise server",
    "1c:enterprise server is not found",
)


def plain(text: str) -> str:
    """Text as the phrases are written."""
    return " ".join(text.lower().replace("ё", "е").replace("’", "'").split())

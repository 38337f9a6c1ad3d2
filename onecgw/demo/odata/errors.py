"""Errors of 1C's OData interface: their codes, statuses and bodies."""

import json
from typing import Final
from xml.sax.saxutils import escape

JSON_TYPE: Final = "application/json;charset=utf-8"
XML_TYPE: Final = "application/xml;charset=utf-8"
METADATA_NAMESPACE: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


class ODataError(Exception):
    """A request that 1C refuses.

    Args:
        status: the HTTP status.
        code: 1C's own code, from chapter 17.4 of the platform's documentation.
        message: what 1C says, in Russian as 1C does.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self, *, as_json: bool) -> bytes:
        """The body of the answer."""
        if as_json:
            error = {"code": self.code, "message": {"lang": "ru", "value": self.message}}
            return json.dumps({"odata.error": error}, ensure_ascii=False).encode()
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<m:error xmlns:m="{METADATA_NAMESPACE}"><m:code>{self.code}</m:code>'
            f'<m:message xml:lang="ru">{escape(self.message)}</m:message></m:error>'
        ).encode()


def bad_format(what: str) -> ODataError:
    """Code 1: the value of a query option has the wrong format."""
    return ODataError(400, "1", f"Неверный формат значения параметра {what}")


def no_segment(name: str) -> ODataError:
    """Code 6: the URL, $select or $filter names what does not exist."""
    return ODataError(400, "6", f"Сегмент пути {name} не найден!")


def no_entity_type(name: str) -> ODataError:
    """Code 8: there is no such entity set, or it is not published."""
    return ODataError(404, "8", f"Не найден тип сущности {name}")


def no_instance() -> ODataError:
    """Code 9: nothing has this key."""
    return ODataError(404, "9", "Экземпляр сущности не найден")


def no_method(name: str) -> ODataError:
    """Code 11: the register has no such virtual table."""
    return ODataError(400, "11", f"Метод не найден: {name}")


def bad_filter() -> ODataError:
    """Code 14: $filter or a condition cannot be parsed."""
    return ODataError(400, "14", "Ошибка при разборе опции запроса $filter")


def bad_method(method: str) -> ODataError:
    """Code 19: only GET is answered."""
    return ODataError(405, "19", f"Метод HTTP {method} не поддерживается")


def no_right(name: str) -> ODataError:
    """Code 20: the user may not read the object, or only a part of its rows."""
    return ODataError(401, "20", f"Недостаточно прав для выполнения операции: {name}")


def bad_argument(name: str) -> ODataError:
    """Code 21: the argument of a function has the wrong type."""
    return ODataError(400, "21", f"Неверный тип аргумента функции: {name}")


def unknown_argument(name: str) -> ODataError:
    """501: the function has no such argument."""
    return ODataError(501, "0", f"Параметр {name} не поддерживается")

"""What a 1C, its web server and its proxy send when something is wrong: bodies as in the field."""

from collections.abc import Mapping
from typing import Final

import attrs

_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json; charset=utf-8"
_BOM: Final = "\ufeff"


@attrs.frozen(kw_only=True)
class FaultResponse:
    """A complete HTTP response of 1C, its web server or a proxy that failed."""

    status: int
    content_type: str = _HTML
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def _onec_error(reason: str) -> bytes:
    """The page of an error inside 1C; the reason is its one meaningful line."""
    return (
        "<!DOCTYPE html><html><head><title>1C:Enterprise 8 application error</title></head><body>"
        "<h2>1C:Enterprise 8 application error:</h2><pre>Ошибка при выполнении обработчика - "
        f"'POST /mcp'\nпо причине:\n{reason}</pre></body></html>"
    ).encode()


def _proxy_page(title: str) -> bytes:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
        "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


FAULT_RESPONSES: Final[Mapping[str, FaultResponse]] = {
    "unauthorized": FaultResponse(
        status=401,
        body="<html><body>Идентификация пользователя не выполнена</body></html>".encode(),
        headers=(("WWW-Authenticate", 'Basic realm="1C:Enterprise 8.3"'),),
    ),
    "forbidden": FaultResponse(
        status=403,
        content_type=_JSON,
        body=(
            _BOM + '{"#exception":{"#value":"urn:access","exception":{"descr":'
            '"Нарушение прав доступа!","inner":{"descr":"Недостаточно прав на HTTP-сервис"}}}}'
        ).encode(),
    ),
    "blocked": FaultResponse(
        status=403,
        content_type=_JSON,
        body=(
            _BOM + '{"#exception":{"#value":"urn:session","exception":{"descr":'
            '"Ошибка начала сеанса","inner":{"descr":"Начало сеанса с информационной базой '
            'запрещено. Регламентные работы до 18:00"}}}}'
        ).encode(),
    ),
    "not_published": FaultResponse(
        status=404,
        body=b"<!DOCTYPE HTML><html><head><title>404 Not Found</title></head><body><h1>Not Found"
        b"</h1><p>The requested URL was not found on this server.</p></body></html>",
    ),
    "session_expired": FaultResponse(
        status=406,
        content_type="application/xml; charset=utf-8",
        body=(
            '<?xml version="1.0" encoding="UTF-8"?><exception xmlns="http://v8.1c.ru/8.2/'
            'virtual-resource-system"><descr>Истекло время ожидания сеанса</descr></exception>'
        ).encode(),
    ),
    "failed": FaultResponse(
        status=500,
        body=_onec_error(
            "{ОбщийМодуль.ОтчетыMCP(214)}: Деление на 0\n<br>  Результат = Сумма / Количество;"
        ),
    ),
    "licence": FaultResponse(status=500, body=_onec_error("Не обнаружено свободной лицензии!")),
    "locked": FaultResponse(
        status=500,
        body=_onec_error(
            "Ошибка блокировки данных\nпо причине:\nПревышено максимальное время ожидания "
            "предоставления блокировки"
        ),
    ),
    "bad_gateway": FaultResponse(status=502, body=_proxy_page("502 Bad Gateway")),
    "unavailable": FaultResponse(
        status=503, body=_proxy_page("503 Service Temporarily Unavailable")
    ),
    "gateway_timeout": FaultResponse(status=504, body=_proxy_page("504 Gateway Time-out")),
    "redirect": FaultResponse(status=302, body=b"", headers=(("Location", "/Demo/hs/mcp/"),)),
}

from urllib.parse import quote

import pytest

from onecgw.backends.errors.failures import Remedy, Reply
from onecgw.backends.odata.errors import ROOT, ODataErrorBody, failure_of, read_error
from onecgw.errors import (
    OnecAuth,
    OnecError,
    OnecFailed,
    OnecForbidden,
    OnecLocked,
    OnecNotPublished,
)

STOCK = "AccumulationRegister_ТоварыНаСкладах"


def failure(status: int, body: bytes, entity_set: str) -> OnecError:
    path = f"{ROOT}{quote(entity_set)}/Balance()?$format=application/json"
    return failure_of(Reply(status=status, headers={}, body=body), path).error


def as_json(code: str, message: str = "текст") -> bytes:
    return (
        f'{{"odata.error":{{"code":"{code}","message":{{"lang":"ru","value":"{message}"}}}}}}'
    ).encode()


def as_xml(code: str, message: str = "текст") -> bytes:
    return (
        '<?xml version="1.0"?><m:error '
        'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        f"<m:code>{code}</m:code><m:message>{message}</m:message></m:error>"
    ).encode()


@pytest.mark.parametrize("body", [as_json("9"), as_xml("9"), b"\xef\xbb\xbf" + as_json("9")])
def test_error_is_read_from_json_and_from_xml(body: bytes) -> None:
    assert read_error(body) == ODataErrorBody(code="9", message="текст")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"value":[]}', b"<html>", b"<html/>", b'{"#exception":{}}', b"{", b"\xff<",
     b'<!DOCTYPE x [<!ENTITY a "b">]><m:error/>'],
)  # fmt: skip
def test_what_odata_did_not_write_is_left_to_the_other_table(body: bytes) -> None:
    assert read_error(body) is None


def test_401_with_code_20_is_a_missing_right_and_names_the_object() -> None:
    found = failure(401, as_json("20"), STOCK)
    assert isinstance(found, OnecForbidden)
    assert f"«Регистр накопления: Товары на складах» ({STOCK})" in found.message
    assert isinstance(failure(401, b"<html>401</html>", STOCK), OnecAuth)


def test_missing_object_is_named_in_the_words_of_the_form() -> None:
    found = failure(404, as_xml("8"), STOCK)
    assert isinstance(found, OnecNotPublished)
    assert found.message == (
        f"not published through OData: «Регистр накопления: Товары на складах» ({STOCK}); publish "
        "it in 1C: Все функции → Обработки → «Настройка стандартного интерфейса OData» → Состав"
    )


@pytest.mark.parametrize(("status", "code"), [(400, "6"), (404, "11"), (400, "11")])
def test_missing_field_or_table_is_not_published(status: int, code: str) -> None:
    found = failure(status, as_json(code, "Сегмент пути X не найден!"), STOCK)
    assert isinstance(found, OnecNotPublished)
    assert "Сегмент пути X не найден!" in found.message


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"<h2>HTTP Error 404.15 - Not Found</h2>"), (414, b"<h1>URI Too Long</h1>")],
)
def test_too_long_an_address_names_the_setting_to_lower(status: int, body: bytes) -> None:
    found = failure(status, body, STOCK)
    assert isinstance(found, OnecFailed)
    assert "onec.odata.max_url_bytes" in found.message


def test_other_errors_keep_1c_s_own_words_in_one_line() -> None:
    found = failure(500, as_json("-1", "a  b"), STOCK)
    assert isinstance(found, OnecFailed)
    assert found.message.endswith("(OData error -1): a b")


@pytest.mark.parametrize("code", ["-1", "6", "11", "14"])
def test_error_of_odata_shows_no_connection_string_module_or_password(code: str) -> None:
    said = "{ОбщийМодуль.Обмен.Модуль(12)}: Ошибка связи: Srvr='main';Usr='robot';Pwd='hidden'"
    found = failure(500, as_json(code, said), STOCK)
    assert "Ошибка связи" in found.message
    for private in ("main", "robot", "hidden", "Модуль"):
        assert private not in found.message


def test_lock_is_recognised_by_its_text_and_tried_again() -> None:
    text = "Конфликт блокировок при выполнении транзакции: превышено время ожидания"
    reply = Reply(status=500, headers={}, body=as_json("-1", text))
    found = failure_of(reply, f"{ROOT}{STOCK}")
    assert isinstance(found.error, OnecLocked)
    assert found.remedy is Remedy.PAUSE


def test_site_without_odata_says_what_to_tick() -> None:
    found = failure(404, b"<html>404</html>", "")
    assert isinstance(found, OnecNotPublished)
    assert "standard.odata" not in found.message
    assert "«Публиковать стандартный интерфейс OData»" in found.message

"""Errors that 1C reports as JSON in shapes of its own: with 200, and with a 4xx."""

import json
from typing import Any

import httpx
import pytest

from onecgw.errors import (
    OnecBadResponse,
    OnecError,
    OnecFailed,
    OnecForbidden,
    OnecLicense,
    OnecMaintenance,
    OnecRejected,
)
from tests.builders.gateway_rig import answering, open_rig

MESSAGE = "Контрагент не найден"
TOOLS = {
    "customer_summary": b'{"period":"2026-01","customer_id":"c1"}',
    "sales_report": b'{"period":"2026-01"}',
    "top_products": b'{"period":"2026-01"}',
    "resolve_customer": b'{"query":"x"}',
    "stock_balance": b"{}",
}
SHAPES: list[Any] = [
    {"error": "not_found", "message": MESSAGE},
    {"Error": "not_found", "Message": MESSAGE},
    {"success": False, "message": MESSAGE},
    {"Success": False, "errorMessage": MESSAGE},
    {"ok": False, "error": {"code": 5, "message": MESSAGE}},
    {"odata.error": {"code": "8", "message": {"lang": "ru", "value": MESSAGE}}},
    {"status": "error", "errorMessage": MESSAGE},
    {"status": "ERROR", "data": None, "description": MESSAGE},
    {"status": 404, "message": MESSAGE},
    {"Ошибка": MESSAGE},
    {"Ошибка": True, "ОписаниеОшибки": MESSAGE},
    {"Успех": False, "Сообщение": MESSAGE},
    {"помилка": {"текст": "", "повідомлення": MESSAGE}},
    {"error": MESSAGE},
    {"errors": [MESSAGE]},
    {"errors": [{"message": MESSAGE}]},
    {"result": "error", "error_description": MESSAGE},
    {"message": MESSAGE},
    {"error": "not_found", "message": MESSAGE, "rows": [], "candidates": []},
    {"Error": {}, "message": MESSAGE},
    {"errorCode": 12, "errorText": MESSAGE},
    {"КодОшибки": 5, "Текст": MESSAGE},
    {"isError": True, "text": MESSAGE},
    {"status": "not_found", "detail": MESSAGE},
    {"result": {"error": {"code": 5, "message": MESSAGE}}},
    {"data": {"response": {"success": False, "message": MESSAGE}}},
]


async def failure(tool: str, body: bytes, status: int = 200, **headers: str) -> OnecError:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)

    async with open_rig(answer) as rig:
        with pytest.raises(OnecError) as caught:
            await rig.call(tool, TOOLS[tool])
    return caught.value


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: json.dumps(shape, ensure_ascii=False))
async def test_an_error_in_a_200_has_1cs_words(tool: str, shape: Any) -> None:
    error = await failure(tool, json.dumps(shape, ensure_ascii=False).encode())

    assert (type(error), error.message) == (OnecRejected, MESSAGE)


NO_ERRORS: list[Any] = [
    *({"error": text} for text in ("", "0", "OK", "нет")),
    *({"error": None}, {"error": 0}, {"error": []}, {"error": {}}, {"error": {"code": 0}}),
    {"error": {"code": "0", "message": ""}, "errors": [], "errorCode": 0},
    {"message": "Нічого не знайдено", "description": "За січень"},
    {"success": True, "message": "OK", "result": 5000},
    {"status": "ok", "text": "Готово"},
]


@pytest.mark.parametrize("said", NO_ERRORS, ids=lambda said: json.dumps(said, ensure_ascii=False))
async def test_an_empty_answer_that_reports_no_error_is_an_answer(said: Any) -> None:
    empty: dict[str, Any] = {"columns": [], "rows": [], "totals": {}, "candidates": []}
    body = json.dumps({**said, **empty}).encode()

    async with open_rig(answering(body)) as rig:
        for tool in ("sales_report", "stock_balance", "resolve_customer"):
            assert json.loads(await rig.call(tool, TOOLS[tool]))["truncated"] is False


@pytest.mark.parametrize("body", [f"{MESSAGE}.\r\n", json.dumps(MESSAGE)])
@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "utf-16"])
async def test_a_text_where_json_is_due_is_reported(body: str, charset: str) -> None:
    error = await failure("sales_report", body.encode(charset))

    found_text = error.message.rstrip(".")
    assert (type(error), found_text) == (
        OnecBadResponse,
        f"1C answered with a text instead of JSON: {MESSAGE}",
    )


@pytest.mark.parametrize("status", [400, 409, 412, 422, 423])
@pytest.mark.parametrize(
    "shape",
    [*SHAPES, [{"error": MESSAGE}], MESSAGE],
    ids=lambda shape: json.dumps(shape, ensure_ascii=False),
)
async def test_a_failed_request_keeps_its_reason(status: int, shape: Any) -> None:
    body = shape if isinstance(shape, str) else json.dumps(shape)
    error = await failure("sales_report", body.encode(), status)

    assert (type(error), error.message) == (OnecRejected, MESSAGE)


async def test_a_failure_of_1c_has_its_message_not_its_code() -> None:
    body = json.dumps({"error": "bad filter", "message": MESSAGE}).encode()
    error = await failure("sales_report", body, 500)

    assert (type(error), error.message) == (OnecFailed, MESSAGE)


async def test_the_class_of_an_error_in_a_200_is_that_of_its_text() -> None:
    license_text = "Не обнаружено свободной лицензии!"
    page = f"<html><head><title>1С</title></head><body><p>{license_text}</p></body></html>"
    exception = {
        "#exception": {},
        "exception": {"descr": "outer", "inner": {"descr": "Деление на 0"}},
    }
    blocked = "Начало сеанса с информационной базой запрещено.\nИдет обновление до 03:00"

    found = {
        name: await failure("sales_report", body.encode())
        for name, body in {
            "page": page,
            "json": json.dumps({"error": "e", "message": license_text}),
            "rights": json.dumps({"Ошибка": "Недостаточно прав"}),
            "exception": json.dumps(exception),
            "blocked": json.dumps({"#exception": {"descr": blocked}}),
            "other page": "<html><body>Hello</body></html>",
            "nothing": "{}",
            "silent": '{"error":true}',
        }.items()
    }

    found_text = {name: (type(error), error.message) for name, error in found.items()}
    assert found_text == {
        "page": (OnecLicense, "1C has no free licence for one more session"),
        "json": (OnecLicense, "1C has no free licence for one more session"),
        "rights": (OnecForbidden, "Недостаточно прав"),
        "exception": (OnecFailed, "Деление на 0"),
        "blocked": (OnecMaintenance, blocked.replace("\n", " ")),
        "other page": (OnecBadResponse, "1C answered with a page instead of JSON"),
        "nothing": (OnecBadResponse, "1C's answer lacks columns: a list of {name, type}"),
        "silent": (OnecRejected, "1C reported an error without a reason"),
    }


@pytest.mark.parametrize("as_page", [False, True])
async def test_the_end_of_a_block_of_the_infobase_is_shown(as_page: bool) -> None:
    lines = ["Начало сеанса с информационной базой запрещено.", "Идет обновление до 03:00"]
    inner = {"descr": "\n".join(lines), "inner": None}
    body = json.dumps({"#exception": {}, "exception": {"descr": "Ошибка", "inner": inner}})
    if as_page:
        body = f"<html><body><h2>Ошибка</h2><br/>{'<br/>'.join(lines)}</body></html>"

    error = await failure("sales_report", body.encode(), 403)

    assert (type(error), error.message) == (OnecMaintenance, " ".join(lines))


@pytest.mark.parametrize("half", [rb"\ud83d", b"\xed\xa0\xbd"])
@pytest.mark.parametrize("status", [200, 400, 403, 500])
async def test_half_a_character_in_a_message_reaches_the_caller(status: int, half: bytes) -> None:
    body = '{"error":"bad","message":"Кіт '.encode() + half + b'"}'

    assert (await failure("sales_report", body, status)).message == "Кіт \ufffd"


@pytest.mark.parametrize("status", [200, 201, 203])
async def test_a_good_answer_may_have_another_status_of_success(status: int) -> None:
    body = b'\xef\xbb\xbf\xef\xbb\xbf{"columns":[],"rows":[],"status":"ok","message":"fine"}'

    async with open_rig(lambda _: httpx.Response(status, stream=httpx.ByteStream(body))) as rig:
        assert b'"rows_returned":0' in await rig.call("stock_balance", b"{}")

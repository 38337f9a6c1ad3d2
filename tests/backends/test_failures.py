import json
from dataclasses import dataclass

import pytest
import trio

from onecgw.backends.http import client
from onecgw.backends.scheduling.deadline import deadline
from onecgw.errors import OnecError, OnecLicense, OnecNotPublished
from tests.builders.onec_client import call, client_of, recorded, recorded_names
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

AUTH = "1C does not accept the gateway's technical user; the administrator must check onec.auth"
BUSY = "1C waited too long for data that another user has locked"
FORBIDDEN = (
    "the gateway's technical user has no right to this in 1C;"
    " the administrator must check its roles"
)
LICENSE = "1C has no free licence for one more session"
NO_REASON = "1C reported an error without a reason"
REACH = "1C is not reachable"
SESSION = "1C ended the session of the call; try again"


def _not_published(status: int) -> str:
    return (
        f"no 1C service answers at onec.base_url (HTTP {status}); the administrator must check the"
        " address, the publication and the extension"
    )


def _redirect(status: int) -> str:
    return (
        f"onec.base_url leads to a redirect (HTTP {status}), which is not followed; the"
        " administrator must set the address that it leads to"
    )


@dataclass(frozen=True)
class Seen:
    """What the caller of a surface gets, and what it cost."""

    code: str
    http_status: int
    message: str
    retry_after_seconds: int | None = None
    attempts: int = 1


EXPECTED = {
    "contract-400": Seen(
        "onec_rejected", 400, "Невідомий розріз «день тижня»; дозволені: склад, контрагент"
    ),
    "contract-400-bom": Seen("onec_rejected", 400, "Дата начала больше даты окончания"),
    "contract-403": Seen("onec_forbidden", 502, "немає права mcp:report:cost"),
    "contract-404": Seen("onec_rejected", 400, "контрагент не знайдено"),
    "contract-500-trace": Seen("onec_failed", 502, "Деление на 0"),
    "apache-401": Seen("onec_auth", 401, AUTH),
    "platform-401-empty": Seen("onec_auth", 401, AUTH),
    "platform-500-identification": Seen("onec_auth", 401, AUTH),
    "platform-403-json": Seen("onec_forbidden", 502, FORBIDDEN),
    "iis-403": Seen("onec_forbidden", 502, FORBIDDEN),
    "platform-500-rights": Seen("onec_forbidden", 502, FORBIDDEN),
    "platform-403-blocked": Seen(
        "onec_maintenance",
        503,
        "Начало сеанса с информационной базой запрещено. Закрытие месяца до 21:00.",
        60,
    ),
    "platform-500-blocked-uk": Seen(
        "onec_maintenance",
        503,
        "Початок сеансу з інформаційною базою заборонено. Регламентні роботи до 06:00.",
        60,
    ),
    "platform-503-blocked-en": Seen(
        "onec_maintenance",
        503,
        "Starting a session with the infobase is not allowed. Backup until 03:00.",
        120,
    ),
    "ssl-500-login-closed": Seen(
        "onec_maintenance",
        503,
        "Вход в программу временно невозможен в связи с обновлением на новую версию.",
        60,
    ),
    "apache-404": Seen("onec_not_published", 502, _not_published(404)),
    "iis-404": Seen("onec_not_published", 502, _not_published(404)),
    "platform-404-json": Seen("onec_not_published", 502, _not_published(404)),
    "nginx-405": Seen("onec_not_published", 502, _not_published(405)),
    "platform-406": Seen("onec_failed", 502, SESSION, attempts=2),
    "platform-406-uk": Seen("onec_failed", 502, SESSION, attempts=2),
    "platform-400-session-wanted": Seen(
        "onec_failed",
        502,
        "the 1C publication expects the client to manage sessions; the administrator must set"
        " onec.session_mode to client",
        attempts=2,
    ),
    "apache-301-slash": Seen("onec_redirect", 502, _redirect(301)),
    "platform-302-case": Seen("onec_redirect", 502, _redirect(302)),
    "platform-500-ru": Seen("onec_failed", 502, 'Поле не найдено "Продажи.Себестоимость"'),
    "platform-500-uk": Seen("onec_failed", 502, "Невідповідність типів (параметр номер '1')"),
    "platform-500-en": Seen("onec_failed", 502, "Division by 0"),
    "platform-500-cp1251": Seen("onec_failed", 502, "Индекс находится за границами массива"),
    "platform-500-cp1251-undeclared": Seen(
        "onec_failed", 502, "Преобразование значения к типу Число не может быть выполнено"
    ),
    "platform-500-paths": Seen("onec_failed", 502, "Файл … не найден на …, …, … …, …;…;…;…"),
    "platform-500-html-only": Seen("onec_failed", 502, NO_REASON),
    "platform-500-empty": Seen("onec_failed", 502, NO_REASON),
    "platform-500-locked": Seen("onec_locked", 503, BUSY, 5, attempts=2),
    "platform-500-locked-sql": Seen("onec_locked", 503, BUSY, 5, attempts=2),
    "platform-500-locked-uk": Seen("onec_locked", 503, BUSY, 5, attempts=2),
    "platform-500-license": Seen("onec_license", 503, LICENSE, 30),
    "platform-500-license-en": Seen("onec_license", 503, LICENSE, 30),
    "platform-403-license-uk": Seen("onec_license", 503, LICENSE, 30),
    "platform-500-server-gone": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "nginx-502": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "iis-503": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "ibsrv-503": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "nginx-503-retry-after": Seen("onec_unavailable", 503, REACH, 45, attempts=2),
    "apache-503-retry-date": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "nginx-504": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "nginx-429": Seen("onec_unavailable", 503, REACH, 7),
    "proxy-522": Seen("onec_unavailable", 503, REACH, 10, attempts=2),
    "nginx-400-plain-to-tls": Seen(
        "onec_bad_response",
        502,
        "1C answered with HTTP 400 instead of 200: The plain HTTP request was sent to HTTPS port",
    ),
    "nginx-413": Seen("onec_bad_response", 502, "1C answered with HTTP 413 instead of 200"),
    "teapot-418": Seen(
        "onec_bad_response", 502, "1C answered with HTTP 418 instead of 200: short and stout"
    ),
    "no-content-204": Seen("onec_bad_response", 502, "1C answered with HTTP 204 instead of 200"),
    "platform-200-webclient": Seen(
        "onec_bad_response", 502, "1C answered with a page instead of JSON"
    ),
    "broken-200-json": Seen("onec_bad_response", 502, "1C's answer is not JSON (wrong at byte 44)"),
    "cut-200-json": Seen(
        "onec_bad_response", 502, "1C's answer is truncated: its JSON does not end"
    ),
    "array-200": Seen("onec_bad_response", 502, "1C's answer is JSON but not an object"),
    "empty-200": Seen("onec_bad_response", 502, "1C's answer is empty"),
    "cp1251-200-undeclared": Seen("onec_bad_response", 502, "1C's answer is not valid UTF-8"),
}
GOOD = {
    "bom-200": '{"candidates":[{"id":"1","label":"Ромашка"}]}',
    "cp1251-200": '{"candidates":[{"id":"1","label":"Ромашка"}]}',
}


def test_every_recorded_answer_is_expected_to_mean_something() -> None:
    assert set(recorded_names()) == EXPECTED.keys() | GOOD.keys()


@pytest.fixture(autouse=True)
def _no_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LOCKED_PAUSE_SECONDS", (0.0, 0.0))


async def _failure(answer: bytes) -> tuple[OnecError, int]:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(answer)

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), deadline(4_000):
            with pytest.raises(OnecError) as failed:
                await onec.fetch(call())
            return failed.value, len(server.requests)


@pytest.mark.parametrize("name", EXPECTED)
async def test_recorded_failure_has_its_class_text_retry_after_and_retries(name: str) -> None:
    error, attempts = await _failure(recorded(name))
    assert EXPECTED[name] == Seen(
        code=error.code,
        http_status=error.http_status,
        message=error.message,
        retry_after_seconds=error.retry_after_seconds,
        attempts=attempts,
    )


@pytest.mark.parametrize("name", GOOD)
async def test_recorded_good_answer_comes_out_in_utf8_without_its_bom(name: str) -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(recorded(name))

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert (await onec.fetch(call())).decode() == GOOD[name]


@pytest.mark.parametrize("name", EXPECTED)
async def test_log_of_a_failure_says_enough_and_no_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    error, attempts = await _failure(recorded(name))
    [record] = [record for record in caplog.records if record.msg == "onec.failed"]
    fields = vars(record)["fields"]
    text = {key: fields[key] for key in ("class", "status", "attempt", "path", "request_id", "sub")}
    assert text == {
        "class": error.code,
        "status": int(recorded(name)[9:12]),
        "attempt": attempts,
        "path": "/mcp/reports/sales",
        "request_id": "r-1",
        "sub": "anna",
    }
    for secret in ("q1w2e3", "robot", "token=secret", "UEsDBB"):
        assert secret not in str(fields)


async def test_target_of_a_redirect_is_in_the_log_only(caplog: pytest.LogCaptureFixture) -> None:
    error, _ = await _failure(recorded("apache-301-slash"))
    [record] = [record for record in caplog.records if record.msg == "onec.failed"]
    assert vars(record)["fields"]["location"] == "http://1c-app-01.corp.local/trade/"
    assert "corp.local" not in error.message


def _answer(status: str, body: str, *headers: str) -> bytes:
    sent = body.encode()
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(sent)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


def _refusal_body(message: str, **others: str) -> str:
    """The body of 1C's own error."""
    return json.dumps({"error": "denied", "message": message, **others}, ensure_ascii=False)


_LONG = "x" * 70_000
_BLOCKED = "Начало сеанса с информационной базой запрещено. До 21:00."


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (
            _answer("404 Not Found", '{"error":"Not Found"}'),
            Seen("onec_not_published", 502, _not_published(404)),
        ),
        (
            _answer("404 Not Found", '{"status":404,"error":"Not Found","message":"No message"}'),
            Seen("onec_not_published", 502, _not_published(404)),
        ),
        (
            _answer("400 Bad Request", _refusal_body("так нельзя", x=_LONG)),
            Seen("onec_rejected", 400, "так нельзя"),
        ),
        (
            _answer("500 X", f"<p>Не обнаружено свободной лицензии!<br>{_LONG}</p>"),
            Seen("onec_license", 503, LICENSE, 30),
        ),
        (
            _answer("500 X", f"<p>Деление на 0</p>{'я' * 70_000}"),
            Seen("onec_failed", 502, "Деление на 0"),
        ),
        (
            _answer("403 Forbidden", _refusal_body(_BLOCKED)),
            Seen("onec_maintenance", 503, _BLOCKED, 60),
        ),
        (
            _answer("403 X", _refusal_body(_BLOCKED), "Retry-After: 7"),
            Seen("onec_maintenance", 503, _BLOCKED, 7),
        ),
        (
            _answer("403 X", _refusal_body("Недостаточно лицензий")),
            Seen("onec_license", 503, LICENSE, 30),
        ),
        (
            _answer("500 X", "Access violation at address 0045F2A1 in module core83.dll"),
            Seen("onec_failed", 502, "Access violation at address 0045F2A1 in module core83.dll"),
        ),
        (_answer("500 X", "Access violation!"), Seen("onec_forbidden", 502, FORBIDDEN)),
        (_answer("500 X", 'Srvr="srv-1c-main";Ref="trade"'), Seen("onec_failed", 502, NO_REASON)),
    ],
)
async def test_failure_that_is_easily_mistaken_for_another(answer: bytes, seen: Seen) -> None:
    error, attempts = await _failure(answer)
    assert seen == Seen(
        code=error.code,
        http_status=error.http_status,
        message=error.message,
        retry_after_seconds=error.retry_after_seconds,
        attempts=attempts,
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 1),
        ("1", 1),
        ("2", 2),
        ("3599", 3599),
        ("3600", 3600),
        ("3601", 3600),
        ("9999", 3600),
        ("00007", 60),  # five digits are no number of seconds that is believed
        ("10000", 60),
        ("-1", 60),
        ("+7", 60),
        ("1.5", 60),
        ("7 s", 60),
        ("", 60),
    ],
)
async def test_advice_when_to_come_back_is_believed_between_a_second_and_an_hour(
    text: str, seconds: int
) -> None:
    error, _ = await _failure(_answer("403 X", _refusal_body(_BLOCKED), f"Retry-After: {text}"))
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("text", ["²", "٧", "７"])
async def test_digits_other_than_ascii_are_no_number_of_seconds(text: str) -> None:
    line = f"Retry-After: {text}".encode()
    answer = _answer("403 X", _refusal_body(_BLOCKED), "Retry-After: -").replace(
        b"Retry-After: -", line
    )
    error, _ = await _failure(answer)
    assert error.retry_after_seconds == 60


async def test_failure_that_breaks_off_is_recognised_by_its_beginning() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        answer = _answer("500 X", f"Недостаточно лицензий{_LONG}")
        await wire.send(answer[:200])
        await wire.close()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecLicense):
            await onec.fetch(call())


async def test_health_that_is_not_found_is_not_published_for_any_sender() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(recorded("contract-404"))

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecNotPublished):
            await onec.capabilities()

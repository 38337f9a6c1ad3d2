import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.errors.error_text import (
    LOGGED_CHARACTERS,
    READ_CHARACTERS,
    SHOWN_CHARACTERS,
    contract_error,
    lines_of,
    log_line,
    reason_in,
    safe_line,
    text_of,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{ОбщийМодуль.Отчеты.Модуль(12)}: Деление на 0", "Деление на 0"),
        ("{HTTPСервис.mcp.Модуль(4,17)}:Деление на 0", "Деление на 0"),
        (r"нет файла C:\Program Files\1cv8\conf\nethasp.ini рядом", "нет файла … рядом"),
        (r"нет папки \\files\1c\base", "нет папки …"),
        ("нет файла /opt/1cv8/x86_64/conf.cfg", "нет файла …"),
        ("не отвечает http://10.1.2.3:8080/x?y=z", "не отвечает …"),
        ("не отвечает tcp://srv:1541", "не отвечает …"),
        ("не отвечает 10.1.2.3:1541", "не отвечает …"),
        ("не отвечает fe80::1ff:fe23:4567:890a", "не отвечает …"),
        ("не отвечает app-01.corp.local", "не отвечает …"),
        ("не отвечает localhost:1560", "не отвечает …"),
        ('база Srvr="main";Ref="trade";Usr="robot";Pwd="q w"', "база …;…;…;…"),
        ("<b>Ошибка</b> запроса", "Ошибка запроса"),
        ("ключ " + "QUJD" * 20 + "=", "ключ …"),
        ("два\nслова\u00a0и   ещё", "два слова и ещё"),
        ("ОбщийМодуль.Отчеты.Модуль(120): Поле не найдено", "Поле не найдено"),
        ("Ошибка: ВнешняяОбработка.А.Форма.Форма.Форма(10,5): сбой", "Ошибка: сбой"),
        ("Ошибка доступа к серверу srv-1c-main: отказ", "Ошибка доступа к серверу …: отказ"),
        ("Помилка доступу до сервера «Main»", "Помилка доступу до сервера …"),
        ("не отвечает srv-1c-main", "не отвечает …"),
        ("не отвечает SQL01", "не отвечает …"),
        ("нет связи с app01.company.com.ua", "нет связи с …"),
        ("нет файла /srv1c", "нет файла …"),
        ("Пользователь: robot Пароль: qwerty", "… …"),
        ("Користувач: robot; пароль = 'q w'", "…; …"),
        ("Пароль пользователя «robot»: qwerty", "…"),
        ("Authorization: Basic cm9ib3Q6cQ==", "…"),
        ('база Srvr="srv-1c-main";Ref="trade_prod"', "база …;…"),
        ('Информационная база "trade_prod" занята', "Информационная база … занята"),
        ("Інформаційна база trade_prod зайнята", "Інформаційна база … зайнята"),
        ('Ошибка СУБД: ERROR: relation "_reference12" does not exist', "Ошибка СУБД: …"),
        (
            "сбой Microsoft SQL Server Native Client: Invalid column 'F1' HRESULT=80040E14, line=1",
            "сбой …",
        ),
        ("сбой, SQLState: 42P01, таблица _Document12", "сбой, …"),
        # What is no secret stays.
        ("Error: Division by 0", "Error: Division by 0"),
        ("Сервер 1С:Предприятия не обнаружен", "Сервер 1С:Предприятия не обнаружен"),
        ("сервер не отвечает", "сервер не отвечает"),
        ("товар ABC-123 не найден", "товар ABC-123 не найден"),
        ("пароль не подходит", "пароль не подходит"),
        (
            "Session start with the infobase is not allowed",
            "Session start with the infobase is not allowed",
        ),
        ("Поле Продажи.Сумма (12)", "Поле Продажи.Сумма (12)"),
        ("версия 8.3.24.1368", "версия 8.3.24.1368"),
        ("и/или, кг/м, 12:30", "и/или, кг/м, 12:30"),
        ("период 2026-05-01…2026-05-31", "период 2026-05-01…2026-05-31"),
        ("id 0f8fad5b-d9cb-469f-a165-70867728950e", "id 0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("x < 5 и y > 3", "x < 5 и y > 3"),
    ],
)
def test_text_is_shown_without_its_private_parts(text: str, shown: str) -> None:
    assert safe_line(text) == shown


@given(st.text())
def test_shown_and_logged_texts_are_one_bounded_line(text: str) -> None:
    shown, logged = safe_line(text), log_line(text)
    assert len(shown) <= SHOWN_CHARACTERS
    assert len(logged) <= LOGGED_CHARACTERS
    assert len(shown.splitlines()) <= 1
    assert len(logged.splitlines()) <= 1


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "text/html", "x; charset=cp1251", "x; charset=no"]),
)
def test_any_body_has_a_text_and_a_reason_or_none(body: bytes, content_type: str) -> None:
    text = text_of(body, content_type)
    assert len(text) <= READ_CHARACTERS
    assert len(reason_in(lines_of(text)).splitlines()) <= 1
    contract_error(text)


HOSTILE_MARKUP = ["<", "<a ", "<a b='", "<!--", "<![", "</", "&#x", "{", '{"a":', "<script>"]
HOSTILE_WORDS = ["{a(1,", "a-", "a.", "a:", "c:\\a ", "/a", "\\\\", 'usr="', "по причине:", "1.1"]
HOSTILE_NAMES = [
    "а.",
    "а.а(1",
    "srv-",
    "сервер ",
    "пароль а ",
    "информационная база ",
    '{"error":"',
]


@pytest.mark.parametrize("unit", [*HOSTILE_MARKUP, *HOSTILE_WORDS, *HOSTILE_NAMES])
def test_hostile_text_takes_no_time_to_speak_of(unit: str) -> None:
    body = (unit * (4 * READ_CHARACTERS)).encode()
    started = time.process_time()
    contract_error(text_of(body, "text/html"))
    lines = lines_of(text_of(body, "text/html"))
    safe_line(reason_in(lines), limit=1_000)
    log_line(" / ".join(lines))
    # No promise of speed: what is quadratic takes minutes here.
    assert time.process_time() - started < 10
    assert len(safe_line(reason_in(lines))) <= SHOWN_CHARACTERS


def test_text_that_is_cut_within_a_character_is_still_utf8() -> None:
    assert text_of("Недостаточно".encode()[:-1], "text/html") == "Недостаточн"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_text_is_read_in_the_encodings_of_the_field(encoding: str) -> None:
    assert text_of("Ошибка".encode(encoding), "text/plain") == "Ошибка"


def test_encoding_that_a_page_declares_within_itself_is_believed() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">Ошибка'
    assert text_of(page.encode("koi8-r"), "text/html").endswith("Ошибка")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error":"x","message":" текст "}', "текст"),
        ('{"error":"x","message":""}', "x"),
        ('{"error":"x"}', None),
        ('{"error":"x","message":7}', None),
        ('{"error":"","message":"текст"}', None),
        ('{"error":"Not Found","message":"No message available","path":"/x"}', None),
        ('{"error":"x","message":"текст","rows":[1,', "текст"),
        (r'{"error":"x","message":"те\u043a\u0441\u0', "текс"),
        ('{"error":"x","message"', None),
        ('{"error":"\\ud8","message":"', None),
        ('{"error":7,"message":"текст"}', None),
        ('{"message":"текст"}', None),
        ('["error"]', None),
        ("error", None),
        ("{" * 100_000, None),
    ],
)
def test_contract_error_is_recognised_by_its_form(body: str, message: str | None) -> None:
    assert contract_error(body) == message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{ОбщийМодуль.Отчеты.Модуль(1)}: Деление на 0", "Деление на 0"),
        ('{"exception":{"descr":"снаружи","inner":{"descr":"внутри"}}}', "внутри"),
        ('[{"descr":"в списке"}]', "в списке"),
        ('{"a":' * 30 + '{"descr":"слишком глубоко"}' + "}" * 30, ""),
        ("<p>Внешняя</p><p>по причине:</p><p>Внутренняя</p>", "Внутренняя"),
        ("<p>Внешняя</p><p>по причине:</p>", "Внешняя"),
        ("<body>1С:Предприятие 8<br>Ошибка запроса", "Ошибка запроса"),
        ("<html><head><title>Ошибка</title></head></html>", ""),
    ],
)
def test_reason_is_the_innermost_line_that_says_why(body: str, reason: str) -> None:
    assert safe_line(reason_in(lines_of(body))) == reason

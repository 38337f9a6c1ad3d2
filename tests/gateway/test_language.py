"""Answers and errors in the language of the person: words change, figures and codes never do."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.demo.books import Books
from onecgw.errors import Ambiguous, OnecgwError, ValidationFailed
from onecgw.gateway.service import ToolCall
from onecgw.locales import LANGUAGES
from tests.builders.demo_gateway import open_demo
from tests.builders.gateway_rig import answering, open_rig

# Where texts for people stand in an answer.
TEXTS = {
    "headline",
    "notice",
    "notes",
    "warnings",
    "basis",
    "proof",
    "missing",
    "not_supported",
    "outside_books",
    "where",
}
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13)]
DAYS = [f"{month}-{day:02}" for month in MONTHS for day in (1, 15, 28)]
CYRILLIC = re.compile("[а-яіїєґё]", re.IGNORECASE)


def random_request(rng: random.Random) -> tuple[str, dict[str, Any]]:
    month, day, top = rng.choice(MONTHS), rng.choice(DAYS), rng.randint(1, 4)
    compare = rng.choice(["previous_year", "previous_period"])
    requests: list[tuple[str, dict[str, Any]]] = [
        ("sales_report", {"period": month, "group_by": ["product"], "top": top}),
        ("sales_report", {"period": month, "compare": compare, "top": top}),
        ("cash_balance", {"date": day, "top": top}),
        ("cash_balance", {"date": day, "compare": "previous_year", "top": top}),
        ("stock_balance", {"date": day, "group_by": ["product"], "share": "amount"}),
        ("purchases_report", {"period": month, "top": top}),
        ("top_products", {"period": month, "top": top}),
        ("debt_aging", {"side": rng.choice(["receivable", "payable"]), "date": day}),
        ("stock_cover", {"date": day, "top": top}),
        ("margin_bridge", {"period": month, "compare": compare, "top": top}),
        ("cash_conversion_cycle", {"period": month, "compare": compare}),
        ("company", {}),
        ("resolve_product", {"query": "а", "limit": top}),
    ]
    return rng.choice(requests)


def differences(one: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places where two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        for name in one:
            yield from differences(one[name], other[name], (*path, name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, (*path, str(index)))
    elif one != other:
        yield path


def at(answer: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        answer = answer[int(name)] if isinstance(answer, list) else answer[name]
    return answer


async def test_only_texts_change_with_the_language(small_books: Books) -> None:
    rng = random.Random(73)  # noqa: S311 - the same requests in every run
    spoken = 0
    async with open_demo(small_books) as rig:
        for _ in range(30):
            tool, arguments = random_request(rng)
            answers: dict[str, Any] = {}
            for language in LANGUAGES:
                body = json.dumps({**arguments, "language": language}).encode()
                try:
                    answers[language] = json.loads(await rig.call(tool, body), parse_float=str)
                except OnecgwError as error:
                    answers[language] = {"code": error.code, "notice": error.message}
            for language in ("uk", "ru"):
                for path in differences(answers["en"], answers[language]):
                    text = at(answers[language], path)
                    assert path[0] in TEXTS, (tool, arguments, path)
                    assert isinstance(text, str), (tool, arguments, path)
                    assert CYRILLIC.search(text), (tool, arguments, path, text)
                    assert digits(text) == digits(at(answers["en"], path)), (path, text)
                    spoken += 1

    assert spoken > 100


def digits(text: str) -> list[str]:
    """The numbers of a text in an order that does not depend on the order of words."""
    return sorted(re.findall(r"\d+", text.replace("1С", "").replace("1C", "")))


@pytest.mark.parametrize(
    ("chosen", "of_client", "said"),
    [
        (None, "en", "top was 9000, the limit is 5000."),
        (None, "uk", "top: вказано 9000, найбільше можна 5000."),
        ("ru", "uk", "top: указано 9000, максимум 5000."),
        ("uk-UA", "en", "top: вказано 9000, найбільше можна 5000."),
        (None, "ru", "top: указано 9000, максимум 5000."),
    ],
)
async def test_the_language_of_the_call_comes_before_that_of_the_client(
    chosen: str | None, of_client: Any, said: str
) -> None:
    table = b'{"columns":[{"name":"warehouse","type":"ref"},{"name":"qty","type":"number"}],'
    arguments = {"group_by": ["warehouse"], "top": 9000} | ({"language": chosen} if chosen else {})
    async with open_rig(answering(table + b'"rows":[],"totals":{}}')) as rig:
        context = CallContext(
            caller=Caller(sub="t", scopes=frozenset(ALL_SCOPES)),
            request_id="r",
            surface="mcp",
            language=of_client,
        )
        call = ToolCall(
            context=context, tool="stock_balance", arguments=json.dumps(arguments).encode()
        )
        answer = json.loads((await rig.gateway.call(call)).body)
        sent = json.loads(rig.onec.requests[0].content)

    assert (answer["notice"], "language" in sent) == (said, False)


async def test_a_language_that_is_none_is_refused() -> None:
    async with open_rig(answering(b"{}")) as rig:
        with pytest.raises(ValidationFailed) as refused:
            await rig.call("stock_balance", b'{"language":"pl"}')

    assert str(refused.value) == 'language: one of en, uk, ru is expected; got "pl"'


async def test_a_refusal_is_in_the_language_and_its_code_is_not() -> None:
    async with open_rig(answering(b"{}", 503)) as rig:
        for language, said in (
            ("en", "1C is not reachable"),
            ("uk", "1С недоступна"),
            ("ru", "1С недоступна"),
        ):
            with pytest.raises(OnecgwError) as refused:
                await rig.call("stock_balance", json.dumps({"language": language}).encode())
            assert (refused.value.code, refused.value.message) == ("onec_unavailable", said)


async def test_every_problem_of_arguments_is_in_the_language() -> None:
    async with open_rig(answering(b"{}")) as rig:
        with pytest.raises(ValidationFailed) as refused:
            await rig.call("sales_report", b'{"language":"uk","period":"x","top":0,"tpo":1}')

    assert refused.value.summary == "аргументи некоректні"
    assert [(problem.path, problem.message) for problem in refused.value.problems] == [
        ("tpo", "невідомий аргумент; можливо, top? приймаються: " + ACCEPTED),
        (
            "period",
            f'потрібен об\'єкт з ключами from, to або {PERIOD}; отримано "x"',
        ),
        ("top", "потрібне ціле число від 1; отримано 0"),
    ]


PERIOD = "РРРР-ММ чи РРРР-ММ-ДД..РРРР-ММ-ДД"
ACCEPTED = "period, filters, group_by, measures, top, sort, compare, compare_with, share, ids"


async def test_candidates_for_a_name_are_listed_in_the_language() -> None:
    found = {"candidates": [{"id": "c1", "label": "Ромашка"}, {"id": "c2", "label": "Ромб"}]}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=found)

    async with open_rig(answer) as rig:
        with pytest.raises(Ambiguous) as refused:
            await rig.call(
                "customer_summary", '{"language":"ru","customer":"Ром","period":"2026-05"}'.encode()
            )

    assert refused.value.message == (
        "customer: подходит несколько вариантов. Спросите, что именно имеется в виду, и вызовите "
        "ещё раз с customer_id вместо customer. Варианты: Ромашка, id c1; Ромб, id c2"
    )

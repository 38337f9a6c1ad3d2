"""Every question that the demo prints, answered for a login with the default ticks of the page."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.cli.banner import describe_scenario, login_banner
from onecgw.demo.books import Books
from onecgw.oauth.scopes import SENSITIVE
from tests.builders.demo_gateway import open_demo
from tests.builders.gateway_rig import Rig, make_engine
from tests.builders.mcp_engine import ask, stateless

EVERYTHING: Final = frozenset(ALL_SCOPES)
DEFAULT_TICKS: Final = EVERYTHING - SENSITIVE
GROUP_OF_THE_SCENARIO: Final = "Обігрівачі"
# How a model answers each question; a new question of the demo needs a line here.
CALLS: Final[dict[str, Callable[[Books], list[tuple[str, dict[str, Any]]]]]] = {
    "product group's stock": lambda books: [
        ("stock_balance", {"date": day.isoformat(), "group_by": ["product_group"]})
        for day in (books.scenario_period[0] - timedelta(days=1), books.scenario_period[1])
    ],
    "cash conversion cycle": lambda books: [
        (
            "cash_conversion_cycle",
            {"period": dict(zip(("from", "to"), map(str, books.scenario_period), strict=True))},
        )
    ],
}
# The banner says so: these need lines of the page that are not ticked.
NEEDS_CONFIDENTIAL: Final = {"cash conversion cycle"}


def questions(books: Books) -> list[str]:
    printed = " ".join(describe_scenario(books).split())
    return re.findall("«([^»]+)»", printed)


def topic_of(question: str) -> str:
    (topic,) = [topic for topic in CALLS if topic in question]
    return topic


def login(scopes: frozenset[str]) -> Caller:
    return Caller(sub="demo-owner", scopes=scopes, entitled=EVERYTHING)


async def answers(rig: Rig, books: Books, topic: str, scopes: frozenset[str]) -> list[Any]:
    engine = make_engine(rig.gateway)
    return [
        await ask(
            engine,
            stateless("tools/call", name=tool, arguments=arguments),
            caller=login(scopes),
        )
        for tool, arguments in CALLS[topic](books)
    ]


def is_answered(found: list[Any]) -> bool:
    return all("result" in one and not one["result"].get("isError", False) for one in found)


async def test_a_question_is_answered_with_the_default_ticks_or_the_demo_says_what_to_tick(
    default_books: Books,
) -> None:
    topics = {topic_of(question) for question in questions(default_books)}
    async with open_demo(default_books) as rig:
        as_proposed = {
            topic: is_answered(await answers(rig, default_books, topic, DEFAULT_TICKS))
            for topic in topics
        }
        with_everything = {
            topic: is_answered(await answers(rig, default_books, topic, EVERYTHING))
            for topic in topics
        }

    assert topics == set(CALLS)
    assert as_proposed == {topic: topic not in NEEDS_CONFIDENTIAL for topic in topics}
    assert all(with_everything.values())
    banner = " ".join(login_banner(default_books, "http://127.0.0.1:8088").split())
    assert "for the second, tick money and cost on the page" in banner
    assert topic_of(questions(default_books)[1]) in NEEDS_CONFIDENTIAL


async def test_the_first_question_has_the_answer_of_the_scenario(default_books: Books) -> None:
    topic = topic_of(questions(default_books)[0])
    async with open_demo(default_books) as rig:
        before, later = await answers(rig, default_books, topic, DEFAULT_TICKS)

    amounts = [
        {row[0]["label"]: row[-1] for row in answer["result"]["structuredContent"]["rows"]}
        for answer in (before, later)
    ]
    growth = {label: amount - amounts[0].get(label, 0) for label, amount in amounts[1].items()}
    assert max(growth, key=lambda label: growth[label]) == GROUP_OF_THE_SCENARIO


async def test_instructions_say_that_the_person_can_tick_a_missing_scope(
    default_books: Books,
) -> None:
    async with open_demo(default_books) as rig:
        found = await ask(
            make_engine(rig.gateway), stateless("server/discover"), caller=login(DEFAULT_TICKS)
        )

    assert "the cash conversion cycle" in found["result"]["instructions"]
    assert "log in again and tick it" in found["result"]["instructions"]

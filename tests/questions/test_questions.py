"""The questions of docs/explanation/questions.md are answered exactly, shortly and in few calls."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from onecgw.demo.books import Books, open_books
from onecgw.demo.csv_export import export_books
from tests.analysis.accountant import Accountant
from tests.analysis.cycle.accountant import Accountant as CycleAccountant
from tests.builders.demo_gateway import open_demo
from tests.conftest import TODAY
from tests.demo.reference import Reference
from tests.questions.expected import Accountants, check
from tests.questions.questions import QUESTIONS, Question
from tests.questions.replay import MOST_TOKENS, Call, replay

# Its basis lets an accountant redo five ratios of two periods.
LONGER = {"cash_conversion_cycle"}
ANSWERED = [one for one in QUESTIONS if one.tool]


@pytest.fixture(scope="session")
def accountants(
    small_books: Books, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Accountants]:
    folder = tmp_path_factory.mktemp("documents")
    export_books(small_books, folder)
    with small_books.reading() as db:
        yield Accountants(
            tables=Reference(db), analyses=Accountant(folder), cycle=CycleAccountant(folder)
        )


async def calls_of(question: Question, books: Books) -> list[Call]:
    async with open_demo(books) as rig:

        async def fetch(tool: str, arguments: dict[str, Any]) -> bytes:
            return await rig.call(tool, json.dumps(arguments).encode())

        return await replay(question, fetch)


@pytest.mark.parametrize("question", ANSWERED, ids=lambda one: one.text)
async def test_the_figures_are_the_accountants(
    question: Question, small_books: Books, accountants: Accountants
) -> None:
    *_, last = await calls_of(question, small_books)

    check(accountants, last.tool, last.arguments, last.answer)
    assert last.answer.get("rows", last.answer.get("candidates", True))  # something is there


@pytest.mark.parametrize("question", ANSWERED, ids=lambda one: one.text)
async def test_one_or_two_calls_of_1500_tokens_are_enough(
    question: Question, small_books: Books
) -> None:
    calls = await calls_of(question, small_books)

    assert len(calls) <= 2
    is_short = max(call.tokens for call in calls) <= MOST_TOKENS
    assert is_short == (question.tool not in LONGER)


@pytest.mark.slow
async def test_books_of_the_default_size_need_no_more() -> None:
    # Other books have other names: what a question finds by a name is not in them.
    unnamed = [
        one
        for one in ANSWERED
        if "Found(" not in repr(one.arguments) and "customer" not in one.arguments
    ]
    with open_books(
        size="default", seed=1, today=TODAY, cache_folder=None, progress=lambda _: None
    ) as books:
        made = {one.text: await calls_of(one, books) for one in unnamed}

    too_long = {
        text: tokens
        for text, calls in made.items()
        if (tokens := max(call.tokens for call in calls)) > MOST_TOKENS
    }
    assert set(too_long) == {one.text for one in unnamed if one.tool in LONGER}, too_long


def test_of_52_questions_at_least_42_are_answered_exactly() -> None:
    assert len(QUESTIONS) == 52
    assert len({one.text for one in QUESTIONS}) == 52
    assert sum(not one.lacks and one.tool not in LONGER for one in QUESTIONS) >= 42
    assert all(one.tool for one in QUESTIONS if not one.lacks)

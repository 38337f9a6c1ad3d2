"""Render docs/explanation/questions.md from tests/questions and the demo's books."""

import json
from collections.abc import Iterator
from typing import Any, Final

from onecgw.demo.books import Books
from tests.builders.demo_gateway import open_demo
from tests.catalogue_truth import Found
from tests.questions.questions import KINDS, QUESTIONS, FoundRow, Question
from tests.questions.replay import MOST_TOKENS, replay
from tests.rendering.files import ROOT

PAGE: Final = ROOT / "docs" / "explanation" / "questions.md"
HEAD: Final = """\
# 52 questions

<!-- Rendered from tests/questions by `python -m tests.render`. -->

What a finance director, a sales head, a warehouse manager and an auditor ask, which calls answer
it, and how much a model has to read. What `tools/list` says is enough to make the calls. A test
makes them all on the demo's small books and compares every figure with a second
computation, which adds up the documents line by line in plain Python.

{exact} of {all} questions are answered exactly, {short} of them in one or two calls of at most
{limit} tokens each. An argument in italics is an id that another call finds first; that call is
counted. Tokens are those of the longest answer. The books are those of the demo
(`--size small --seed 1 --today {today}`); for questions
that name no object, books of the default size need no more.

## The kinds

| English | українською | по-русски |
|---|---|---|
{kinds}
"""
UNANSWERED: Final = """
## What is not answered exactly

Each line says what 1C would have to report.

| who | question | why not |
|---|---|---|
"""
MISLED: Final = """
## Where a description misled

Answering the questions as a model would showed these, and the descriptions were corrected.

- Nothing said where the ids of sellers come from. `seller_ids` names `group_by ["seller"]`.
- Nothing said how to distinguish B2B and B2C. `group_by` says that `_parent` is the top folder,
  with B2B and B2C as the example.
- `returns` looked like something to subtract from `amount`. Its description says that `amount` is
  already less by it.
- A resolver looked as if it needed a name. `query` says that an empty one lists all.
- `currency` of purchases looked like a conversion. It says that amounts stay in the base currency.
- Goods on the way looked like a part of `stock_balance`. `goods_in_transit` says that they are not.
"""


async def render_questions_page(books: Books, today: str) -> str:
    """The page; the calls are made on the books.

    Args:
        books: the demo's small books.
        today: the last day of the books, for the text.
    """
    made: dict[str, tuple[int, int]] = {}
    async with open_demo(books) as rig:

        async def fetch(tool: str, arguments: dict[str, Any]) -> bytes:
            return await rig.call(tool, json.dumps(arguments).encode())

        for one in QUESTIONS:
            if one.tool:
                calls = await replay(one, fetch)
                made[one.text] = len(calls), max(call.tokens for call in calls)
    exact = [one for one in QUESTIONS if not one.lacks]
    short = [one for one in exact if made[one.text][0] <= 2 and made[one.text][1] <= MOST_TOKENS]
    head = HEAD.format(
        exact=len(exact),
        all=len(QUESTIONS),
        short=len(short),
        limit=MOST_TOKENS,
        today=today,
        kinds="\n".join(f"| {one.en} | {one.uk} | {one.ru} |" for one in KINDS.values()),
    )
    return "".join([head, *_answered(made), UNANSWERED, *_unanswered(), MISLED])


def _answered(made: dict[str, tuple[int, int]]) -> Iterator[str]:
    for role in dict.fromkeys(one.role for one in QUESTIONS):
        yield f"\n## {role.capitalize()}\n\n| question | kind | call | calls | tokens | exact |\n"
        yield "|---|---|---|---|---|---|\n"
        for one in QUESTIONS:
            if one.role == role and one.tool:
                count, tokens = made[one.text]
                exact = "partly" if one.lacks else "yes"
                yield (
                    f"| {one.text} | {KINDS[one.kind].en} | {_call(one)} | {count} | {tokens} | "
                    f"{exact} |\n"
                )


def _unanswered() -> Iterator[str]:
    for one in QUESTIONS:
        if one.lacks:
            yield f"| {one.role} | {one.text} | {one.lacks} |\n"


def _call(question: Question) -> str:
    """The call in one line; what finds an id stands in italics."""
    text = json.dumps(_shown(dict(question.arguments)), ensure_ascii=False)
    text = text.replace('"⟨', "`*").replace('⟩"', "*`")
    return f"`{question.tool}` `{text}`".replace("``", "")


def _shown(value: Any) -> Any:
    match value:
        case Found(resolver=resolver, query=query):
            return f"⟨{resolver} {query}⟩"
        case FoundRow(tool=tool, arguments=arguments):
            return f"⟨{tool} by {', '.join(arguments['group_by'])}⟩"
        case dict():
            return {name: _shown(inner) for name, inner in value.items()}
        case list():
            return [_shown(inner) for inner in value]
        case _:
            return value

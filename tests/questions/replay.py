"""Makes the calls of a question on the demo's books, and measures their answers."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from math import ceil
from typing import Any, Final

import attrs

from tests.catalogue_truth import Found
from tests.questions.questions import FoundRow, Question

# Measured with the o200k tokenizer on answers whose labels are mostly Cyrillic.
CHARACTERS_PER_TOKEN: Final = 2.39
MOST_TOKENS: Final = 1500

Fetch = Callable[[str, dict[str, Any]], Awaitable[bytes]]


@attrs.frozen(kw_only=True)
class Call:
    """One call. tokens: of its answer."""

    tool: str
    arguments: dict[str, Any]
    answer: Any
    tokens: int


async def replay(question: Question, fetch: Fetch) -> list[Call]:
    """The calls of a question in their order; the last one has the answer."""
    made: list[Call] = []

    async def call(tool: str, arguments: dict[str, Any]) -> Any:
        body = (await fetch(tool, arguments)).decode()
        answer = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        tokens = ceil(len(body) / CHARACTERS_PER_TOKEN)
        made.append(Call(tool=tool, arguments=arguments, answer=answer, tokens=tokens))
        return answer

    async def filled(value: Any) -> Any:
        match value:
            case Found(resolver=resolver, query=query):
                return (await call(resolver, {"query": query}))["candidates"][0]["id"]
            case FoundRow(tool=tool, arguments=arguments):
                return (await call(tool, dict(arguments)))["rows"][0][0]["id"]
            case dict():
                return {name: await filled(inner) for name, inner in value.items()}
            case list():
                return [await filled(inner) for inner in value]
            case _:
                return value

    await call(question.tool, await filled(dict(question.arguments)))
    return made

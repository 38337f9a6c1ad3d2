from collections.abc import Collection
from datetime import date
from typing import Any

import pytest

from onecgw.analysis.periods import DateRange
from onecgw.auth.caller import ALL_SCOPES, MONEY, RESOLVE, SALES, STOCK, Caller
from onecgw.catalogue.tools import BY_NAME
from onecgw.errors import ValidationFailed
from onecgw.locales import LANGUAGES
from onecgw.mcp_content.period import last_months, period_before, read_period
from onecgw.mcp_content.prompt_templates import PROMPT_TEMPLATES, PromptTemplate
from onecgw.mcp_content.prompts import render
from tests.builders.gateway_rig import answering, make_engine, open_rig
from tests.builders.mcp_engine import ask, stateless

TODAY = date(2026, 3, 31)
EVERY_TOOL = frozenset(BY_NAME) | {
    f"{tool.name}.{measure}" for tool in BY_NAME.values() for measure in tool.stock_value
}


async def prompts(method: str, *, scopes: Collection[str] = ALL_SCOPES, **params: Any) -> Any:
    caller = Caller(sub="olena", scopes=frozenset(scopes))
    async with open_rig(answering(b"{}")) as rig:
        return await ask(make_engine(rig.gateway), stateless(method, **params), caller=caller)


async def names(scopes: set[str]) -> list[str]:
    answer = await prompts("prompts/list", scopes=scopes)
    return [prompt["name"] for prompt in answer["result"]["prompts"]]


async def test_a_caller_sees_the_prompts_whose_tools_it_may_call() -> None:
    assert await names(set(ALL_SCOPES)) == [
        "month_review",
        "cash_conversion_review",
        "debtors_review",
        "stock_health",
    ]
    assert await names({SALES}) == ["month_review"]
    assert await names({MONEY}) == ["debtors_review"]
    assert await names({STOCK, RESOLVE}) == ["stock_health"]
    assert await names({RESOLVE}) == []


@pytest.mark.parametrize("name", ["debtors_review", "no_such_prompt"])
async def test_a_hidden_prompt_is_like_an_unknown_one(name: str) -> None:
    answer = await prompts("prompts/get", scopes={SALES}, name=name)
    assert answer["error"] == {"code": -32602, "message": f"unknown prompt: {name}"}


async def test_a_prompt_is_one_message_of_the_person() -> None:
    arguments = {"period": "2026-02", "customer": "Ромашка", "language": "uk"}
    answer = await prompts("prompts/get", name="month_review", arguments=arguments)
    [message] = answer["result"]["messages"]
    assert message["role"] == "user"
    text = message["content"]["text"]
    assert text.startswith("Зроби огляд продажів з 2026-02-01 по 2026-02-28.\n1. resolve_customer")
    assert "query «Ромашка»" in text
    assert "2026-01-01 – 2026-01-31" in text
    assert "resolve_warehouse" not in text


@pytest.mark.parametrize("template", PROMPT_TEMPLATES, ids=lambda template: template.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plan_is_whole_in_every_language(template: PromptTemplate, language: str) -> None:
    given = dict.fromkeys(template.arguments, "X") | {"language": language, "period": "2026-02"}
    text = render(template, given, visible=EVERY_TOOL, today=TODAY)
    assert len(text.splitlines()) == len(template.steps) + 3
    named = [name for step in template.steps for tool in step.tools for name in tool.split(".")]
    assert all(name in text for name in named)
    assert "{" not in text


@pytest.mark.parametrize("template", PROMPT_TEMPLATES, ids=lambda template: template.name)
def test_plans_name_only_tools_that_exist(template: PromptTemplate) -> None:
    assert EVERY_TOOL.issuperset(template.tools)
    assert all(EVERY_TOOL.issuperset(step.tools) for step in template.steps)


def test_steps_with_tools_that_the_caller_lacks_are_left_out() -> None:
    [stock_health] = [template for template in PROMPT_TEMPLATES if template.name == "stock_health"]
    text = render(stock_health, {}, visible=frozenset({"stock_balance"}), today=TODAY)
    assert "stock_cover" not in text


@pytest.mark.parametrize(
    ("arguments", "visible", "said"),
    [
        ({"period": "March"}, EVERY_TOOL, "period: YYYY-MM or YYYY-MM-DD..YYYY-MM-DD is expected"),
        ({"language": "de"}, EVERY_TOOL, "language: one of en, uk, ru"),
        ({"customer": "x" * 201}, EVERY_TOOL, "customer: longer than 200 characters"),
        (
            {"firm": "x", "language": "de"},
            EVERY_TOOL,
            (
                "firm: unknown to this prompt; it takes period, customer, warehouse, language; "
                "language: one of en, uk, ru"
            ),
        ),
        (
            {"customer": "x"},
            frozenset({"sales_report"}),
            "customer: unknown to this prompt; it takes period, language",
        ),
    ],
)
def test_all_that_is_wrong_with_the_arguments_is_reported(
    arguments: dict[str, str], visible: frozenset[str], said: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        render(PROMPT_TEMPLATES[0], arguments, visible=visible, today=TODAY)
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("text", "first", "last", "before_first", "before_last"),
    [
        ("", "2026-02-01", "2026-02-28", "2026-01-01", "2026-01-31"),
        ("2024-02", "2024-02-01", "2024-02-29", "2024-01-01", "2024-01-31"),
        ("2026-03-02..2026-03-08", "2026-03-02", "2026-03-08", "2026-02-23", "2026-03-01"),
        (" 2026-03-01/2026-03-31 ", "2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28"),
    ],
)
def test_a_period_is_a_month_or_two_days(
    text: str, first: str, last: str, before_first: str, before_last: str
) -> None:
    period = read_period(text, today=TODAY)
    assert period == DateRange(date.fromisoformat(first), date.fromisoformat(last))
    before = DateRange(date.fromisoformat(before_first), date.fromisoformat(before_last))
    assert period_before(period) == before


@pytest.mark.parametrize(
    "text",
    ["2026-13", "2026-02-30..2026-03-01", "2026-03-09..2026-03-01", "2026", "2026-1", "٢٠٢٦-٠١"],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        read_period(text, today=TODAY)


def test_the_last_months_are_full_ones() -> None:
    assert last_months(TODAY, 3) == ["2026-02", "2026-01", "2025-12"]


@pytest.mark.parametrize("period", ["0001-01", "0001-01-05..9999-12-31", "9999-12", "1900-00"])
async def test_a_period_beyond_all_books_is_answered_with_a_reason(period: str) -> None:
    answer = await prompts("prompts/get", name="month_review", arguments={"period": period})

    assert answer["error"]["code"] == -32602
    assert "period" in answer["error"]["message"]

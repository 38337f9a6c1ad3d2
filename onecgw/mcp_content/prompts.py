"""The plans as MCP prompts: which of them a caller sees, and the text for its arguments."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, get_args

import attrs
import msgspec

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.period_text import SPELLED
from onecgw.errors import NotFound, Problem, ValidationFailed
from onecgw.mcp.providers import JsonObject
from onecgw.mcp.request_context import Exchange
from onecgw.mcp_content.period import read_span
from onecgw.mcp_content.prompt_templates import LANGUAGES, PLANS, RULES, Language, Plan

MAX_ARGUMENT_CHARACTERS: Final = 200
ARGUMENTS: Final = {
    "period": f"{SPELLED}; the last full month if left out.",
    "language": f"Of the plan and the answer: {', '.join(LANGUAGES)}.",
    "customer": "Name of one customer, if it is about one.",
    "warehouse": "Name of one warehouse, if it is about one.",
}


@attrs.frozen
class PlanPrompts:
    """The plans, under the rights of each caller. today: the day that it is where 1C is."""

    catalogue: Catalogue
    today: Callable[[], date]

    def list_prompts(self, context: CallContext) -> bytes:
        """The JSON array of the prompts whose tools the caller may call."""
        caller = context.caller
        visible = self._visible_tools(caller)
        return msgspec.json.encode([_described(plan, visible) for plan in self.plans(caller)])

    def plans(self, caller: Caller) -> tuple[Plan, ...]:
        """The plans all of whose tools the caller may call."""
        visible = self._visible_tools(caller)
        return tuple(plan for plan in PLANS if visible.issuperset(plan.tools))

    async def get_prompt(
        self, name: str, arguments: dict[str, str], exchange: Exchange
    ) -> JsonObject:
        """The plan as one message of the person.

        Raises:
            NotFound: there is no such prompt for this caller.
            ValidationFailed: an argument is unknown or wrong.
        """
        visible = self._visible_tools(exchange.context.caller)
        plan = next((one for one in self.plans(exchange.context.caller) if one.name == name), None)
        if plan is None:
            raise NotFound("there is no such prompt")
        text = render(plan, arguments, visible=visible, today=self.today())
        content = {"type": "text", "text": text}
        return {"description": plan.about, "messages": [{"role": "user", "content": content}]}

    def _visible_tools(self, caller: Caller) -> frozenset[str]:
        return frozenset(tool.name for tool in self.catalogue.visible(caller.scopes))


def render(
    plan: Plan, arguments: Mapping[str, str], *, visible: frozenset[str], today: date
) -> str:
    """The text of a plan.

    Args:
        plan: which one.
        arguments: as they were given; an empty text is like an absent one.
        visible: the tools that the caller may call.
        today: from which the last full month is counted.

    Raises:
        ValidationFailed: an argument is unknown or wrong.
    """
    given = {name: " ".join(text.split()) for name, text in arguments.items() if text.strip()}
    _check(given, taken=plan.arguments_for(visible))
    language: Language = next(
        (one for one in LANGUAGES if one == given.get("language")), LANGUAGES[0]
    )
    span = read_span(given.get("period", ""), today=today)
    facts = {
        "first": span.first,
        "last": span.last,
        "before_first": span.before.first,
        "before_last": span.before.last,
        "customer": given.get("customer", ""),
        "warehouse": given.get("warehouse", ""),
    }
    steps = [
        step.says[language].format(**facts)
        for step in plan.steps
        if visible.issuperset(step.tools) and (not step.given or step.given in given)
    ]
    return "\n".join(
        [
            plan.opening[language].format(**facts),
            *(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
            plan.closing[language],
            RULES[language],
        ]
    )


def _check(given: Mapping[str, str], *, taken: tuple[str, ...]) -> None:
    problems = [
        Problem(path=name, message=f"unknown to this prompt; it takes {', '.join(taken)}")
        for name in given
        if name not in taken
    ]
    problems += [
        Problem(path=name, message=f"longer than {MAX_ARGUMENT_CHARACTERS} characters")
        for name, text in given.items()
        if len(text) > MAX_ARGUMENT_CHARACTERS
    ]
    if given.get("language", LANGUAGES[0]) not in get_args(Language):
        problems.append(Problem(path="language", message=f"one of {', '.join(LANGUAGES)}"))
    if problems:
        raise ValidationFailed(tuple(problems))


def _described(plan: Plan, visible: frozenset[str]) -> JsonObject:
    return {
        "name": plan.name,
        "title": plan.title,
        "description": plan.about,
        "arguments": [
            {"name": name, "description": ARGUMENTS[name], "required": False}
            for name in plan.arguments_for(visible)
        ],
    }

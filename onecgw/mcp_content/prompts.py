"""The prompt templates as MCP prompts: which a caller sees, and the text for given arguments."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import attrs
import msgspec

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.period_text import PERIOD_FORMAT
from onecgw.errors import NotFound, Problem, ValidationFailed
from onecgw.locales import LANGUAGES, load_texts
from onecgw.locales.text import say
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import JsonObject
from onecgw.mcp_content.period import period_before, read_period
from onecgw.mcp_content.prompt_templates import PROMPT_TEMPLATES, PromptTemplate

MAX_ARGUMENT_CHARACTERS: Final = 200
ARGUMENTS: Final = {
    "period": f"{PERIOD_FORMAT}; the last full month if left out.",
    "language": f"Of the plan and the answer: {', '.join(LANGUAGES)}.",
    "customer": "Name of one customer, if it is about one.",
    "warehouse": "Name of one warehouse, if it is about one.",
}


@attrs.frozen
class CataloguePrompts:
    """The prompts about tools of the catalogue, under the scopes of each caller.

    today: the date where 1C is.
    """

    catalogue: Catalogue
    today: Callable[[], date]

    def list_prompts(self, context: CallContext) -> bytes:
        """The JSON array of the prompts that the caller may see."""
        visible = self._visible_tools(context.caller)
        return msgspec.json.encode(
            [
                {
                    "name": template.name,
                    "title": template.title,
                    "description": template.about,
                    "arguments": [
                        {"name": name, "description": ARGUMENTS[name], "required": False}
                        for name in template.arguments_for(visible)
                    ],
                }
                for template in PROMPT_TEMPLATES
                if visible.issuperset(template.tools)
            ]
        )

    def find(self, name: object, caller: Caller) -> PromptTemplate:
        """The template of a prompt.

        Raises:
            NotFound: there is no such prompt, or the caller may not call its tools.
        """
        visible = self._visible_tools(caller)
        for template in PROMPT_TEMPLATES:
            if template.name == name and visible.issuperset(template.tools):
                return template
        raise NotFound(say("errors.no_such_prompt"))

    async def get_prompt(
        self, name: str, arguments: dict[str, str], request: RequestContext
    ) -> JsonObject:
        """The prompt as one message of the person.

        Raises:
            NotFound: there is no such prompt, or the caller may not call its tools.
            ValidationFailed: an argument is unknown or wrong.
        """
        caller = request.context.caller
        template, visible = self.find(name, caller), self._visible_tools(caller)
        spoken = {"language": request.context.language, **arguments}
        text = render(template, spoken, visible=visible, today=self.today())
        content = {"type": "text", "text": text}
        return {"description": template.about, "messages": [{"role": "user", "content": content}]}

    def _visible_tools(self, caller: Caller) -> frozenset[str]:
        """The tools that a caller may call, and as `tool.measure` the stock values it may see."""
        tools = self.catalogue.visible(caller.scopes)
        restrictions = self.catalogue.view(caller.scopes).restrictions
        values = ((tool, tool.stock_value - restrictions[tool.name]) for tool in tools)
        return frozenset(tool.name for tool in tools) | {
            f"{tool.name}.{measure}" for tool, measures in values for measure in measures
        }


def render(
    template: PromptTemplate,
    arguments: Mapping[str, str],
    *,
    visible: frozenset[str],
    today: date,
) -> str:
    """The text of a prompt.

    Args:
        template: the prompt.
        arguments: as they were given; a blank text counts as absent.
        visible: the tools that the caller may call.
        today: the last full month before it is the default period.

    Raises:
        ValidationFailed: an argument is unknown or wrong.
    """
    given = {name: " ".join(text.split()) for name, text in arguments.items() if text.strip()}
    _check(given, accepted=template.arguments_for(visible))
    chosen = given.get("language", LANGUAGES[0])
    texts = load_texts(next(language for language in LANGUAGES if language == chosen))
    period = read_period(given.get("period", ""), today=today)
    before = period_before(period)
    values = {
        "first": period.first,
        "last": period.last,
        "before_first": before.first,
        "before_last": before.last,
        "customer": given.get("customer", ""),
        "warehouse": given.get("warehouse", ""),
    }
    steps = [
        texts[f"prompts.{step.text}"].format(**values)
        for step in template.steps
        if visible.issuperset(step.tools) and (not step.argument or step.argument in given)
    ]
    return "\n".join(
        [
            texts[f"prompts.{template.name}.opening"].format(**values),
            *(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
            texts[f"prompts.{template.name}.closing"],
            texts["prompts.rules"],
        ]
    )


def _check(given: Mapping[str, str], *, accepted: tuple[str, ...]) -> None:
    problems = [
        Problem(path=name, message=say("errors.prompt_argument", accepted=", ".join(accepted)))
        for name in given
        if name not in accepted
    ]
    problems += [
        Problem(path=name, message=say("errors.prompt_length", most=MAX_ARGUMENT_CHARACTERS))
        for name, text in given.items()
        if len(text) > MAX_ARGUMENT_CHARACTERS
    ]
    if given.get("language", LANGUAGES[0]) not in LANGUAGES:
        problems.append(
            Problem(
                path="language",
                message=say("errors.prompt_language", accepted=", ".join(LANGUAGES)),
            )
        )
    if problems:
        raise ValidationFailed(tuple(problems))

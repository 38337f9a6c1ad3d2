"""Suggestions while a person fills in a prompt: names come from 1C through the resolvers."""

from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from onecgw.errors import NotFound, OnecgwError
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.mcp.providers import Completion, JsonObject
from onecgw.mcp.request_context import Exchange
from onecgw.mcp_content.period import last_months
from onecgw.mcp_content.prompt_templates import LANGUAGES, RESOLVERS
from onecgw.mcp_content.prompts import PlanPrompts
from onecgw.mcp_content.resources import REPORT, CatalogueResources

SUGGESTED_MONTHS: Final = 12
MIN_NAME_CHARACTERS: Final = 2  # below, half of the catalogue fits
NOTHING: Final = Completion(values=())


class _Row(msgspec.Struct):
    label: str


class _Rows(msgspec.Struct):
    candidates: list[_Row]
    truncated: bool


@attrs.frozen
class GatewayCompletions:
    """Suggestions under the rights of each caller."""

    gateway: Gateway

    async def complete(
        self,
        reference: JsonObject,
        *,
        argument: str,
        value: str,
        known: Mapping[str, str],
        exchange: Exchange,
    ) -> Completion:
        """Suggestions for an argument of a prompt or of the one resource template.

        Nothing is suggested where 1C does not answer: a person can still type.

        Raises:
            NotFound: there is no such prompt or template.
        """
        del known  # no argument narrows another one
        if reference.get("type") == "ref/resource":
            return self._reports(reference, value, exchange)
        plans = PlanPrompts(self.gateway.catalogue, self.gateway.today).plans(
            exchange.context.caller
        )
        plan = next((one for one in plans if one.name == reference.get("name")), None)
        if reference.get("type") != "ref/prompt" or plan is None:
            raise NotFound("there is no such prompt")
        if argument == "language":
            return _beginning(value, LANGUAGES)
        if argument == "period":
            return _beginning(value, last_months(self.gateway.today(), SUGGESTED_MONTHS))
        if argument in plan.arguments:
            return await self._names(RESOLVERS[argument], value, exchange)
        return NOTHING

    def _reports(self, reference: JsonObject, value: str, exchange: Exchange) -> Completion:
        if reference.get("uri") != REPORT:
            raise NotFound("there is no such template")
        reports = CatalogueResources(self.gateway.catalogue).reports(exchange.context.caller)
        return _beginning(value, [tool.name for tool in reports])

    async def _names(self, resolver: str, value: str, exchange: Exchange) -> Completion:
        visible = self.gateway.catalogue.visible(exchange.context.caller.scopes)
        is_visible = any(tool.name == resolver for tool in visible)
        if len(value.strip()) < MIN_NAME_CHARACTERS or not is_visible:
            return NOTHING
        call = ToolCall(
            context=exchange.context,
            tool=resolver,
            arguments=msgspec.json.encode({"query": value}),
        )
        try:
            answer = await self.gateway.call(call)
        except OnecgwError:
            return NOTHING
        found = msgspec.json.decode(answer.body, type=_Rows)
        labels = dict.fromkeys(row.label for row in found.candidates)
        return Completion(values=list(labels), has_more=found.truncated)


def _beginning(value: str, offered: tuple[str, ...] | list[str]) -> Completion:
    return Completion(values=[one for one in offered if one.startswith(value.strip())])

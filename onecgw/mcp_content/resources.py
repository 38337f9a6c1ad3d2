"""MCP resources: the catalogue as the caller sees it, scopes, a glossary, pages of tools."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

import attrs
import msgspec

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK, Caller
from onecgw.auth.context import CallContext
from onecgw.catalogue.json_schema import input_schema
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.errors import NotFound
from onecgw.mcp.client_info import PAGE_TYPE
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import JsonObject
from onecgw.mcp_content.pages import PAGE_OF_TOOL, render_page

CATALOGUE: Final = "onec://catalogue"
REPORT: Final = "onec://catalogue/{tool}"
SCOPES: Final = "onec://scopes"
GLOSSARY: Final = "onec://glossary"

JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown"

RESOURCES: Final = (
    (
        CATALOGUE,
        "Reports",
        "Measures, dimensions and filters of every report that you may call.",
        JSON,
    ),
    (SCOPES, "Scopes", "What each scope allows, and which of them you have.", JSON),
    (GLOSSARY, "Glossary", "ДЗ, КЗ, когорта …: what words mean here, uk / ru / en.", MARKDOWN),
)

ABOUT_SCOPES: Final = {
    RESOLVE: "find customers, warehouses, products and sales channels by name",
    SALES: "sales, best-selling products, cards of customers",
    STOCK: "what lies in the warehouses, and its value at cost",
    MONEY: "cash, settlements, purchases",
    COST: "cost, profit and margin in the reports that have them",
}
ABOUT_WITH_CLOSED_STOCK_VALUE: Final = {
    STOCK: "what lies in the warehouses, without its value",
    COST: "cost, profit and margin in the reports that have them, and the value of stock at cost",
}


@attrs.frozen
class CatalogueResources:
    """The resources, under the scopes of each caller."""

    catalogue: Catalogue

    def list_resources(self, _context: CallContext) -> bytes:
        """The JSON array of the documents, the same for every caller.

        Pages are not among them: the tools name them.
        """
        return msgspec.json.encode(
            [
                {"uri": uri, "name": title, "title": title, "description": about, "mimeType": mime}
                for uri, title, about, mime in RESOURCES
            ]
        )

    def list_templates(self, _context: CallContext) -> bytes:
        """The JSON array of the one template: a single report."""
        return msgspec.json.encode(
            [
                {
                    "uriTemplate": REPORT,
                    "name": "Report",
                    "title": "Report",
                    "description": "Measures, dimensions and filters of one report.",
                    "mimeType": JSON,
                }
            ]
        )

    async def read_resource(self, uri: str, request: RequestContext) -> Sequence[JsonObject]:
        """One document or page.

        Raises:
            NotFound: there is none at the URI, or the caller may not see it.
        """
        caller = request.context.caller
        if uri in PAGE_OF_TOOL.values():
            meta = {"ui": {"csp": {}, "prefersBorder": True}}
            page = render_page(uri, request.context.language)
            return [{"uri": uri, "mimeType": PAGE_TYPE, "text": page, "_meta": meta}]
        if uri == GLOSSARY:
            text = files("onecgw.mcp_content").joinpath("glossary.md").read_text(encoding="utf-8")
            return [{"uri": uri, "mimeType": MARKDOWN, "text": text}]
        if uri == SCOPES:
            return [_json(uri, self._scopes(caller))]
        if uri == CATALOGUE:
            return [_json(uri, [self._report(tool, caller) for tool in self.reports(caller)])]
        for tool in self.reports(caller):
            if uri == REPORT.format(tool=tool.name):
                return [_json(uri, self._report(tool, caller))]
        raise NotFound("there is no such document")

    def reports(self, caller: Caller) -> list[Tool]:
        """The reports that the caller may call."""
        visible = self.catalogue.visible(caller.scopes)
        return [tool for tool in visible if tool.is_report]

    def _scopes(self, caller: Caller) -> list[JsonObject]:
        about = dict(ABOUT_SCOPES)
        if self.catalogue.limits.stock_amount_scope == "cost":
            about |= ABOUT_WITH_CLOSED_STOCK_VALUE
        return [
            {"scope": scope, "allows": about[scope], "granted": scope in caller.scopes}
            for scope in ALL_SCOPES
        ]

    def _report(self, tool: Tool, caller: Caller) -> JsonObject:
        properties = input_schema(tool, self.catalogue.view(caller.scopes))["properties"]
        lists = {
            name: properties[name]["items"]["enum"]
            for name in ("group_by", "measures")
            if name in properties
        }
        filters = properties.get("filters", {}).get("properties", {})
        return {
            "tool": tool.name,
            "title": tool.title,
            "about": tool.about,
            **lists,
            "filters": {name: about.get("description", "") for name, about in filters.items()},
            "arguments": sorted(set(properties) - {"filters", *lists}),
        }


def _json(uri: str, value: object) -> JsonObject:
    return {"uri": uri, "mimeType": JSON, "text": msgspec.json.encode(value).decode("utf-8")}

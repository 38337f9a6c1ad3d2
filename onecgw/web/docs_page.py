"""GET /docs: the REST API as a page without JavaScript, made from the document of /openapi.json."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec
from quart import Blueprint, Response, request

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.settings import LimitsSettings
from onecgw.web.openapi import openapi_document
from onecgw.web.pages import STYLE, page_headers, page_texts, render_page, requested_language

PATH: Final = "/docs"
DOCS_STYLE: Final = STYLE + (Path(__file__).parent / "templates" / "docs.css").read_text("utf-8")
_HEADERS: Final = {**page_headers(DOCS_STYLE), "vary": "Accept-Language"}
_EXAMPLE_DAYS: Final = {"from": "2026-09-01", "to": "2026-09-30"}


@attrs.frozen(kw_only=True)
class DocumentedField:
    """A member of a body or an answer.

    name: with the names of the objects around it, as in `period.from` and `sort[].field`.
    kind: its JSON type, as in `array of string`.
    about: "" if there is nothing to say.
    """

    name: str
    kind: str
    is_required: bool
    about: str
    choices: tuple[str, ...]


@attrs.frozen(kw_only=True)
class DocumentedRoute:
    """One POST. body: an example with the required arguments, as JSON."""

    path: str
    name: str
    title: str
    about: str
    arguments: tuple[DocumentedField, ...]
    answer: tuple[DocumentedField, ...]
    body: str


def make_docs_blueprint(tools: Sequence[Tool], limits: LimitsSettings) -> Blueprint:
    """The route of the page; it needs no token.

    It says nothing about the base or the caller: a catalogue of its own has every tool.
    """
    blueprint = Blueprint("docs", __name__, template_folder="templates")

    @cache
    def routes() -> tuple[DocumentedRoute, ...]:
        # Made by the first request: most processes never show the page.
        return document_routes(openapi_document(Catalogue(tools, limits), frozenset(ALL_SCOPES)))

    @blueprint.get(PATH)
    async def docs() -> Response:
        language = requested_language()
        values = {
            "text": page_texts("docs", language),
            "routes": routes,
            "origin": request.host_url.rstrip("/"),
        }
        return await render_page("docs.html", language, values, style=DOCS_STYLE, headers=_HEADERS)

    return blueprint


def document_routes(document: dict[str, Any]) -> tuple[DocumentedRoute, ...]:
    """What the page says of each route of an OpenAPI document."""
    return tuple(_route(path, item["post"]) for path, item in document["paths"].items())


def _route(path: str, operation: dict[str, Any]) -> DocumentedRoute:
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return DocumentedRoute(
        path=path,
        name=operation["operationId"],
        title=operation["summary"],
        about=operation["description"],
        arguments=tuple(_fields(body)),
        answer=tuple(_fields(answer)),
        body=msgspec.json.encode(_example(body)).decode(),
    )


def _fields(schema: dict[str, Any], prefix: str = "") -> Iterator[DocumentedField]:
    for name, member in schema.get("properties", {}).items():
        items = member.get("items", {})
        yield DocumentedField(
            name=f"{prefix}{name}",
            kind=_kind(member),
            is_required=name in schema.get("required", ()),
            about=member.get("description", ""),
            choices=tuple(member.get("enum", items.get("enum", ()))),
        )
        yield from _fields(member, f"{prefix}{name}.")
        yield from _fields(items, f"{prefix}{name}[].")


def _kind(schema: dict[str, Any]) -> str:
    if "items" in schema:
        return f"array of {_kind(schema['items'])}"
    kind: str = schema.get("format", schema.get("type", "any"))
    return kind


def _example(schema: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", ())
    return {name: _example_value(name, schema["properties"][name]) for name in required}


def _example_value(name: str, schema: dict[str, Any]) -> object:
    if "properties" in schema:
        return _example(schema)
    if "items" in schema:
        return [_example_value(name, schema["items"])]
    if schema.get("format") == "date":
        return _EXAMPLE_DAYS.get(name, _EXAMPLE_DAYS["to"])
    if "enum" in schema:
        return schema["enum"][0]
    return "…"

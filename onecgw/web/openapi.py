"""GET /openapi.json: the REST routes of the caller as OpenAPI 3.1."""

from typing import Any, Final

import msgspec
from quart import Blueprint, Response, g, request

from onecgw import __version__
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.web.asgi import read_head
from onecgw.web.bearer import Authenticate, identify

PATH: Final = "/openapi.json"

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "Stable; onec_error is a failure of 1C."},
        "code": {"type": "string", "description": "Of onec_error: its class."},
        "message": {"type": "string"},
        "problems": {
            "type": "array",
            "description": "Of validation_error: every problem with its path.",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                "required": ["path", "message"],
            },
        },
        "request_id": {"type": "string", "description": "As in the gateway's log."},
    },
    "required": ["error", "message", "request_id"],
}


def openapi_document(catalogue: Catalogue, scopes: frozenset[str]) -> dict[str, Any]:
    """The routes that these scopes allow, with the schemas that MCP lists."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "onecgw",
            "version": __version__,
            "description": "The gateway's tools over REST: POST the arguments as a JSON object.",
        },
        "security": [{"bearer": []}],
        "paths": {
            tool.rest_path: {"post": _operation(tool, catalogue, scopes)}
            for tool in catalogue.callable(scopes)
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM},
            "responses": {
                "Problem": {
                    "description": "What went wrong, and what would be accepted.",
                    "content": _json({"$ref": "#/components/schemas/Problem"}),
                }
            },
        },
    }


def make_openapi_blueprint(catalogue: Catalogue, authenticate: Authenticate) -> Blueprint:
    """The route of the document; a caller sees the routes that its scopes allow."""
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get(PATH, provide_automatic_options=False)
    async def document() -> Response:
        caller = await identify(read_head(dict(request.scope)), authenticate, g.request_id)
        body = msgspec.json.encode(openapi_document(catalogue, caller.scopes))
        return Response(body, content_type="application/json")

    return blueprint


def _operation(tool: Tool, catalogue: Catalogue, scopes: frozenset[str]) -> dict[str, Any]:
    described = catalogue.describe(tool, scopes)
    return {
        "operationId": tool.name,
        "summary": described["title"],
        "description": described["description"],
        "requestBody": {"required": True, "content": _json(described["inputSchema"])},
        "responses": {
            "200": {"description": "The answer.", "content": _json(described["outputSchema"])},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}

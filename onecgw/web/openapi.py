"""GET /openapi.json: the REST routes that a caller may use, as OpenAPI 3.1."""

from typing import Any, Final

import attrs
import msgspec

from onecgw import __version__
from onecgw.catalogue.kinds import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.errors import MethodNotAllowed, OnecgwError
from onecgw.web.asgi import (
    Receive,
    Scope,
    Send,
    json_response,
    new_request_id,
    read_head,
    send_response,
)
from onecgw.web.bearer import Authenticate, identify
from onecgw.web.problems import problem_response

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
    """The routes that are open to these scopes; the schemas are those of MCP."""
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
            for tool in catalogue.visible(scopes)
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


@attrs.frozen(kw_only=True)
class OpenapiEndpoint:
    """The document, for whoever may call the routes in it."""

    catalogue: Catalogue
    authenticate: Authenticate

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, request_id = read_head(scope), new_request_id()
        try:
            caller = await identify(request, self.authenticate, request_id)
            if request.method != "GET":
                raise MethodNotAllowed("GET")
        except OnecgwError as error:
            await send_response(send, problem_response(error, request_id=request_id))
            return
        document = openapi_document(self.catalogue, caller.scopes)
        await send_response(send, json_response(200, msgspec.json.encode(document)))


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

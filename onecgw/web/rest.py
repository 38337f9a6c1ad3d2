"""POST /resolve/* and /reports/*: every tool of the catalogue as a REST route."""

import logging
from collections.abc import Mapping

import attrs

from onecgw.auth.caller import Caller
from onecgw.errors import MethodNotAllowed, OnecgwError, UnsupportedMediaType
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.web.asgi import (
    ClientGone,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    json_response,
    new_request_id,
    read_body,
    read_head,
    run_while_connected,
    send_response,
)
from onecgw.web.bearer import Authenticate, identify, media_type, read_form
from onecgw.web.problems import problem_response

log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class RestEndpoint:
    """One route: the JSON body holds the tool's arguments, the answer is 1C's report.

    tool_names: path → name of the tool.
    """

    gateway: Gateway
    tool_names: Mapping[str, str]
    authenticate: Authenticate
    max_request_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves cancels its call."""
        request_id = new_request_id()
        request = read_head(scope)
        try:
            request = await read_form(request, receive)
            caller = await self._admit(request, request_id)
            body = await read_body(receive, max_bytes=self.max_request_bytes)
        except ClientGone:
            return
        except OnecgwError as error:
            await send_response(send, problem_response(error, request_id=request_id))
            return

        call = ToolCall(
            tool=self.tool_names[request.path],
            arguments=body,
            caller=caller,
            surface="rest",
            request_id=request_id,
            traceparent=request.value("traceparent"),
        )

        async def work() -> None:
            await send_response(send, await self._respond(call))

        await run_while_connected(receive, work)

    async def _admit(self, request: Request, request_id: str) -> Caller:
        caller = await identify(request, self.authenticate, request_id)
        if request.method != "POST":
            raise MethodNotAllowed("POST")
        if media_type(request) != "application/json":
            raise UnsupportedMediaType("send the header Content-Type: application/json")
        return caller

    async def _respond(self, call: ToolCall) -> Response:
        request_id = call.request_id
        try:
            answer = await self.gateway.call(call)
        except OnecgwError as error:
            return problem_response(error, request_id=request_id)
        except Exception:  # the outermost border: a defect of ours ends one request, not more
            log.exception("rest.defect", extra={"fields": {"request_id": request_id}})
            defect = OnecgwError("something went wrong in the gateway; its log knows more")
            return problem_response(defect, request_id=request_id)
        return json_response(
            200, answer.body, headers=[(b"x-request-id", request_id.encode("ascii"))]
        )

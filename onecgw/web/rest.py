"""POST /resolve/* and /reports/*: every tool of the catalogue as a REST route."""

import logging
from collections.abc import Mapping

import attrs

from onecgw.auth.context import CallContext
from onecgw.errors import OnecgwError
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.locales.text import say
from onecgw.web.asgi import (
    Request,
    Response,
    RunWhileConnected,
    Send,
    json_response,
    send_response,
)
from onecgw.web.problems import problem_response

log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class RestHandler:
    """Answers a route: the body holds the tool's arguments, the answer is the report.

    tool_names: path → name of the tool.
    """

    gateway: Gateway
    tool_names: Mapping[str, str]

    async def __call__(
        self,
        request: Request,
        context: CallContext,
        body: bytes,
        run: RunWhileConnected,
        send: Send,
    ) -> None:
        """Answer one request; a client that disconnects cancels its call."""
        call = ToolCall(context=context, tool=self.tool_names[request.path], arguments=body)

        async def work() -> None:
            await send_response(send, await self._respond(call))

        await run(work)

    async def _respond(self, call: ToolCall) -> Response:
        request_id = call.context.request_id
        try:
            answer = await self.gateway.call(call)
        except OnecgwError as error:
            return problem_response(error, request_id=request_id)
        except Exception:  # the outermost boundary: a defect of ours ends one request, not more
            log.exception("rest.defect", extra={"fields": {"request_id": request_id}})
            defect = OnecgwError(say("errors.defect")).in_language(call.context.language)
            return problem_response(defect, request_id=request_id)
        return json_response(
            200, answer.body, headers=[(b"x-request-id", request_id.encode("ascii"))]
        )

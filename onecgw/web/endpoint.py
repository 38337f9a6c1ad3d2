"""A path of the machine surfaces: an authenticated POST with a JSON body, answered whole."""

from functools import partial
from typing import Protocol

import attrs

from onecgw.auth.context import CallContext, Surface
from onecgw.errors import MethodNotAllowed, OnecgwError, UnsupportedMediaType
from onecgw.locales import DEFAULT_LANGUAGE, Language, accepted_language
from onecgw.locales.text import say
from onecgw.web.asgi import (
    ClientGone,
    Receive,
    Request,
    RunWhileConnected,
    Scope,
    Send,
    admit,
    new_request_id,
    read_head,
    read_whole_body,
    run_while_connected,
    send_response,
)
from onecgw.web.bearer import FORM, Authenticate, identify, read_form
from onecgw.web.landing import is_browser
from onecgw.web.problems import problem_response
from onecgw.web.router import AsgiApp


class Handler(Protocol):
    """What answers an admitted request."""

    async def __call__(
        self,
        request: Request,
        context: CallContext,
        body: bytes,
        run: RunWhileConnected,
        send: Send,
    ) -> None:
        """Send the answer. run: runs the work, and cancels it when the client disconnects."""
        ...


@attrs.frozen(kw_only=True)
class ToolEndpoint:
    """Admits requests to a handler, or refuses them with an error body.

    authenticate: the caller of a request; raises Unauthorized.
    max_request_bytes: the largest body that is read.
    page: what a person gets who opens the path in a browser; None: the same as a client.
    language: of the texts where the client does not name one.
    """

    handler: Handler
    surface: Surface
    authenticate: Authenticate
    max_request_bytes: int
    page: AsgiApp | None = None
    language: Language = DEFAULT_LANGUAGE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = new_request_id()
        request = read_head(scope)
        if self.page is not None and request.method != "POST" and is_browser(request):
            await self.page(scope, receive, send)
            return
        accepted = request.value("accept-language")
        language = (accepted_language(accepted) if accepted else None) or self.language
        try:
            content_type = request.media_type()
            if content_type == FORM:
                # A form is never processed; it is read only to detect a token in it.
                request = await read_form(request, receive)
            caller = await identify(request, self.authenticate, request_id)
            admit(scope)
            if request.method != "POST":
                raise MethodNotAllowed("POST")
            if content_type != "application/json":
                raise UnsupportedMediaType(say("errors.media_type"))
            body = await read_whole_body(scope, receive, max_bytes=self.max_request_bytes)
        except ClientGone:
            return
        except OnecgwError as error:
            problem = problem_response(error.in_language(language), request_id=request_id)
            await send_response(send, problem)
            return
        context = CallContext(
            caller=caller,
            request_id=request_id,
            surface=self.surface,
            traceparent=request.value("traceparent"),
            language=language,
        )
        run = partial(run_while_connected, scope, receive)
        await self.handler(request, context, body, run, send)

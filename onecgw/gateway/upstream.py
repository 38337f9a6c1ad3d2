"""1C as one tool call sees it: under the caller's name, through the caches, and counted."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import msgspec

from onecgw.auth.caller import Caller
from onecgw.backends.http_service.call import OnecCall
from onecgw.backends.http_service.client import OnecClient
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.catalogue.declaration import Kind, Question, Tool
from onecgw.catalogue.parsing import to_onec
from onecgw.responses import shaping


@attrs.frozen(kw_only=True)
class Sources:
    """Where answers come from.

    found: what resolvers answered lately. balances: of days that are over.
    """

    client: OnecClient
    found: AnswerCache
    balances: AnswerCache


@attrs.define(kw_only=True)
class Asking:
    """The calls to 1C of one tool call.

    calls: how many were made; what a cache knew is none.
    """

    sources: Sources
    caller: Caller
    request_id: str
    traceparent: str | None
    calls: int = 0

    async def ask(self, tool: Tool, arguments: dict[str, Any]) -> bytes:
        """The answer of 1C to a tool; what a resolver found lately is found again.

        Raises:
            OnecError: whatever went wrong.
        """
        body = msgspec.json.encode(arguments)
        if tool.kind is not Kind.RESOLVER:
            return await self._post(tool, body)
        key = (
            tool.name,
            " ".join(str(arguments["query"]).lower().split()),
            arguments.get("limit"),
            arguments.get("include_groups"),
            self.caller.scopes,
        )
        post = partial(self._post_checked, tool, body, shaping.read_candidates)
        return (await self.sources.found.fetch(key, post)).body

    async def ask_question(self, question: Question) -> object:
        """What a composite reads out of the answer to one of its questions.

        Raises:
            OnecError: whatever went wrong.
        """
        tool, body = question.tool, msgspec.json.encode(to_onec(question.request))
        if not question.is_settled:
            return question.read(await self._post(tool, body))
        key = (tool.name, body, self.caller.scopes)
        post = partial(self._post_checked, tool, body, question.read)
        return question.read((await self.sources.balances.fetch(key, post)).body)

    async def _post_checked(
        self, tool: Tool, body: bytes, read: Callable[[bytes], object]
    ) -> bytes:
        answer = await self._post(tool, body)
        read(answer)  # what is no answer must not be kept as one
        return answer

    async def _post(self, tool: Tool, body: bytes) -> bytes:
        self.calls += 1
        return await self.sources.client.post(
            OnecCall(
                path=tool.path,
                body=body,
                caller=self.caller,
                request_id=self.request_id,
                traceparent=self.traceparent,
            )
        )

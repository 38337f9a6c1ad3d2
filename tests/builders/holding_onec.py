"""A 1C that keeps its answers back until a test releases them."""

import attrs
import httpx
import trio

from tests.builders.constant_books import answer_of
from tests.builders.onec_server import ReceivedRequest, Wire
from tests.builders.onec_service import answer_well


@attrs.define
class HoldingOnec:
    """A 1C that answers when the test allows it."""

    expected: int
    held: int = 0
    all_are_here: trio.Event = attrs.field(factory=trio.Event)
    release: trio.Event = attrs.field(factory=trio.Event)

    async def play(self, request: ReceivedRequest, wire: Wire) -> None:
        if request.method == "GET":
            await answer_well(request, wire)
            return
        if not request.path.endswith("/sales"):
            self.held += 1
            if self.held == self.expected:
                self.all_are_here.set()
            await self.release.wait()
        answer = answer_of(httpx.Request("POST", request.path, content=request.body))
        await wire.answer(await answer.aread(), headers=("Content-Type: application/json",))

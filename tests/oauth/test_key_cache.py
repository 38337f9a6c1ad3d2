from collections.abc import Awaitable, Callable

import attrs
import pytest
import trio
import trio.testing

from onecgw.auth.key_verification import InvalidKey, KeyVerdict, UncheckedKey, ValidKey
from onecgw.errors import OnecUnavailable
from onecgw.oauth.key_cache import INVALID_SECONDS, VALID_SECONDS, KeyCache, KeyCheck

VALID = ValidKey(sub="owner", name="Owner", scopes=frozenset({"mcp:resolve"}))
INVALID = InvalidKey()
UNCHECKED = UncheckedKey(error=OnecUnavailable("down"))


@attrs.define
class Onec:
    """Answers when a test lets it, and counts."""

    verdict: KeyVerdict = VALID
    calls: int = 0
    may_answer: trio.Event = attrs.field(factory=trio.Event)
    now: float = 1000.0

    async def check(self, key: str, request_id: str) -> KeyVerdict:  # noqa: ARG002 - the form of a backend
        self.calls += 1
        await self.may_answer.wait()
        return self.verdict

    def key_cache(self, **options: int) -> KeyCache:
        return KeyCache(self.check, hash_key=str.encode, now=lambda: self.now, **options)


@pytest.mark.parametrize(
    ("verdict", "kept_seconds"),
    [(VALID, VALID_SECONDS), (INVALID, INVALID_SECONDS), (UNCHECKED, 0)],
    ids=["valid", "invalid", "unchecked"],
)
async def test_verdicts_are_kept_each_its_time(verdict: KeyVerdict, kept_seconds: int) -> None:
    onec = Onec(verdict)
    onec.may_answer.set()
    key_cache = onec.key_cache()
    first = await key_cache.verify("k", "r")
    if kept_seconds:
        onec.now += kept_seconds - 1
        assert await key_cache.verify("k", "r") == first == KeyCheck(verdict=verdict, at=1000)
        assert onec.calls == 1
        onec.now += 1
    await key_cache.verify("k", "r")
    assert onec.calls == 2


async def test_a_verdict_does_not_outlive_a_clock_that_is_put_back() -> None:
    onec = Onec()
    onec.may_answer.set()
    key_cache = onec.key_cache()
    await key_cache.verify("k", "r")
    onec.now -= VALID_SECONDS
    onec.verdict = INVALID
    assert (await key_cache.verify("k", "r")).verdict == INVALID


async def test_many_who_ask_about_a_key_at_once_ask_once() -> None:
    onec, verdicts = Onec(), []
    key_cache = onec.key_cache()

    async def ask() -> None:
        verdicts.append((await key_cache.verify("k", "r")).verdict)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        onec.may_answer.set()
    assert verdicts == [VALID] * 20
    assert onec.calls == 1


async def test_when_the_leading_caller_gives_up_another_goes_on() -> None:
    onec, verdicts = Onec(), []
    key_cache = onec.key_cache()

    async def ask() -> None:
        verdicts.append((await key_cache.verify("k", "r")).verdict)

    async def give_up(scope: trio.CancelScope, ask: Callable[[], Awaitable[None]]) -> None:
        with scope:
            await ask()

    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()
        nursery.start_soon(give_up, scope, ask)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        onec.may_answer.set()
    assert verdicts == [VALID]
    assert onec.calls == 2

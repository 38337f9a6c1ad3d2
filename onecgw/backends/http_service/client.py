"""The calls to 1C: their turn, their session, the one retry."""

import logging
import random
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import attrs
import msgspec
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.key_verification import InvalidKey, KeyVerdict, UncheckedKey
from onecgw.backends.errors.failures import Failure, Remedy, failure_of, wire_failure
from onecgw.backends.http.onec_sessions import Session, Sessions, finishing
from onecgw.backends.http.response_body import read_object
from onecgw.backends.http.transport import Exchange, Transport
from onecgw.backends.http_service.call import HEALTH_PATH, VERIFY_PATH, OnecCall
from onecgw.backends.http_service.call_log import Progress, seen_in, told
from onecgw.backends.http_service.key_verification import denies_key, read_identity
from onecgw.backends.scheduling.breaker import Breaker, BreakerState
from onecgw.backends.scheduling.deadline import deadline
from onecgw.backends.scheduling.limiter import Queue
from onecgw.errors import OnecBadResponse, OnecError, OnecUnavailable
from onecgw.settings import OnecSettings

log = logging.getLogger(__name__)

FINISH_SECONDS: Final = 1  # for ending one session
FINISH_PAUSE_SECONDS: Final = 15  # before the next one, when 1C did not end this one
CLOSE_SECONDS: Final = 5  # for ending all of them at shutdown
LOCKED_PAUSE_SECONDS: Final = (0.2, 0.5)  # random, so that the locked ones do not meet again

_GATEWAY: Final = Caller(sub="onecgw", scopes=frozenset())


@attrs.frozen(kw_only=True)
class OnecState:
    """How 1C is doing, as far as the calls tell.

    last_success_at: when a call last ended well; None = not since the start.
    """

    breaker: BreakerState
    in_flight: int
    waiting: int
    idle_sessions: int
    last_success_at: datetime | None


class OnecClient:
    """One per process.

    Every call runs inside the deadline that its caller has opened (`backends/scheduling/deadline`);
    that deadline covers the waiting, the connecting, 1C's work, the reading and the retry.

    Args:
        settings: where 1C is and how hard it may be pressed.
        max_response_bytes: the largest answer, inflated.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self,
        settings: OnecSettings,
        *,
        max_response_bytes: int,
        transport: Transport | None = None,
    ) -> None:
        self._exchange = Exchange(
            settings, max_response_bytes=max_response_bytes, transport=transport
        )
        self._queue = Queue(places=settings.max_concurrency, max_waiting=settings.max_queue)
        self._breaker = Breaker(
            failures=settings.breaker_failures, pause_seconds=settings.breaker_pause_ms / 1000
        )
        self._sessions = Sessions(mode=settings.session_mode, size=settings.max_concurrency)
        self._last_success_at: datetime | None = None

    async def post(self, call: OnecCall) -> bytes:
        """The JSON object that 1C answers, compact, in UTF-8, its digits and texts untouched.

        A cancelled call closes its connection, so that 1C need not finish it.

        Raises:
            OnecError: whatever went wrong, after the one retry that some failures get.
        """
        return await self._run(Progress(call=call))

    async def verify_key(self, key: str, request_id: str) -> KeyVerdict:
        """What 1C says of a key: it is somebody's, it is nobody's, or nothing could be learnt."""
        body = msgspec.json.encode({"key": key})
        call = OnecCall(path=VERIFY_PATH, body=body, caller=_GATEWAY, request_id=request_id)
        progress = Progress(call=call)
        try:
            return read_identity(await self._run(progress))
        except OnecError as error:
            failure = progress.failure
            if failure is not None and failure.reply is not None and denies_key(failure.reply):
                return InvalidKey()
            return UncheckedKey(error=error)

    async def health(self, request_id: str) -> bytes:
        """The answer of `GET /mcp/health`, a JSON object.

        Raises:
            OnecError: as `post` does.
        """
        return await self.post(
            OnecCall(path=HEALTH_PATH, body=b"", caller=_GATEWAY, request_id=request_id)
        )

    def state(self) -> OnecState:
        """How 1C is doing."""
        return OnecState(
            breaker=self._breaker.state,
            in_flight=self._queue.in_flight,
            waiting=self._queue.waiting,
            idle_sessions=self._sessions.idle,
            last_success_at=self._last_success_at,
        )

    async def end_sessions_given_up(self) -> None:
        """End the sessions whose calls were cancelled or failed, until it is cancelled.

        They wait in line like calls. What it has not ended is left to `aclose`.
        """
        while True:
            await self._sessions.something_given_up.wait()
            while (session := self._sessions.next_given_up()) is not None:
                try:
                    await self._finish_in_turn(session)
                except OnecError as error:
                    log.info("onec.finish", extra={"fields": {"class": error.code}})
                    await trio.sleep(FINISH_PAUSE_SECONDS)

    async def aclose(self) -> None:
        """End the sessions kept in 1C, then close every connection.

        It takes at most CLOSE_SECONDS and a moment, also when it is cancelled.
        """
        self._sessions.give_up_all()
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            while (session := self._sessions.next_given_up()) is not None:
                try:
                    await self._finish(session)
                except OnecError as error:  # 1C ends it some time after its last call
                    log.info("onec.finish", extra={"fields": {"class": error.code}})
        await self._exchange.aclose()

    async def _finish_in_turn(self, session: Session) -> None:
        """End one session when there is a place; whatever keeps it from that, it is not lost.

        Raises:
            OnecError: it was not ended.
        """
        try:
            await self._queue.enter(_GATEWAY.sub)
            entered = trio.current_time()
            try:
                await self._finish(session)
            finally:
                self._queue.leave(trio.current_time() - entered)
        except BaseException:
            self._sessions.give_up(session)
            raise

    async def _finish(self, session: Session) -> None:
        """End one session.

        Raises:
            OnecError: 1C did not answer.
        """
        with deadline(round(FINISH_SECONDS * 1000)):
            await self._exchange.send("GET", HEALTH_PATH, body=b"", headers=finishing(session))

    async def _run(self, progress: Progress) -> bytes:
        """One call in its turn."""
        with told(progress):
            await self._breaker.wait_verdict()
            self._breaker.check()
            await self._queue.enter(progress.call.caller.sub)
            entered = trio.current_time()
            try:
                return await self._ask_if_it_answers(progress)
            finally:
                self._queue.leave(trio.current_time() - entered)

    async def _ask_if_it_answers(self, progress: Progress) -> bytes:
        """Ask with the one retry; the breaker learns how it went."""
        await self._breaker.wait_verdict()
        turn = self._breaker.enter()
        try:
            answer = await self._ask(progress, self._sessions.take())
            if isinstance(answer, Failure):
                progress.failure = answer
                answer = await self._ask_again(progress, answer)
        except BaseException:
            self._breaker.undecided(turn)
            raise
        if isinstance(answer, bytes):
            self._breaker.answered()
            self._last_success_at = datetime.now(UTC)
            progress.size_bytes = len(answer)
            return answer
        progress.failure = answer
        if isinstance(answer.error, OnecUnavailable):
            self._breaker.unavailable(turn)
        else:
            self._breaker.answered()
        raise answer.error

    async def _ask_again(self, progress: Progress, failure: Failure) -> bytes | Failure:
        """A second attempt where it is worth while, else the failure of the first."""
        pause_seconds = 0.0
        match failure.remedy:
            case None:
                return failure
            case Remedy.OWN_SESSIONS:
                if not self._sessions.begin_to_keep():
                    return failure
            case Remedy.PAUSE:
                pause_seconds = random.uniform(*LOCKED_PAUSE_SECONDS)  # noqa: S311 - no secret
            case Remedy.NOTHING:
                pass
        if trio.current_time() + pause_seconds >= trio.current_effective_deadline():
            return failure
        log.info("onec.retry", extra={"fields": {**progress.fields(), **seen_in(failure)}})
        await trio.sleep(pause_seconds)
        fresh = failure.remedy is Remedy.NEW_SESSION
        return await self._ask(progress, Session() if fresh else self._sessions.take())

    async def _ask(self, progress: Progress, session: Session) -> bytes | Failure:
        """One attempt. A session whose call does not come to an answer is not used again."""
        progress.attempt += 1
        progress.phase = "asking"
        call = progress.call
        try:
            reply = await self._exchange.send(
                call.method,
                call.path,
                body=call.body,
                headers=(*call.headers, *self._sessions.headers(session)),
                on_cookies=session.learn,
            )
        except OnecError as error:
            self._sessions.give_up(session)
            return wire_failure(error, error.__cause__)
        except BaseException:
            self._sessions.give_up(session)
            raise
        failure = None if reply.status == HTTPStatus.OK else failure_of(reply, call.path)
        if failure is None or failure.remedy is not Remedy.NEW_SESSION:
            self._sessions.give_back(session)
        if failure is not None:
            return failure
        try:
            return read_object(reply.body, reply.content_type)
        except OnecBadResponse as error:
            return Failure(error=error, reason=str(error.__cause__ or ""), reply=reply)

"""Questions in the modern era: the call ends, and the client repeats it with the answers.

Nothing is kept between the rounds. What has been answered so far travels in `requestState`,
sealed for the caller, the method and the arguments it was given for, until it expires.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from onecgw.auth.signing import NotSealed, Sealer
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_requests import Answer, Question
from onecgw.mcp.rpc_errors import INVALID_PARAMS, RpcError

STATE_SECONDS: Final = 900  # a person may go and ask a colleague
PURPOSE: Final = "mcp request state"


class InputRequired(Exception):
    """The call cannot go on without these answers."""

    def __init__(self, questions: Mapping[str, Question], answered: Mapping[str, Answer]) -> None:
        super().__init__(", ".join(questions))
        self.questions = questions
        self.answered = answered


class _State(msgspec.Struct, gc=False, array_like=True):
    sub: str
    expires: int
    subject: str
    answers: dict[str, dict[str, object]]


class Rounds:
    """One call's answers, from its earlier rounds and from this one."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = dict(answers)

    async def ask(self, questions: Mapping[str, Question]) -> dict[str, Answer]:
        """The answers to the questions, by their names.

        Raises:
            InputRequired: some are missing, or are no answers; they are to be asked (again).
        """
        missing = {
            name: question
            for name, question in questions.items()
            if name not in self._answers or not question.fits(self._answers[name])
        }
        if missing:
            answered = {k: v for k, v in self._answers.items() if k not in missing}
            raise InputRequired(missing, answered)
        return {name: self._answers[name] for name in questions}


def open_rounds(
    sealer: Sealer,
    *,
    sub: str,
    subject: str,
    state: str | None,
    responses: Mapping[str, object],
) -> Rounds:
    """The rounds so far of a call that is made again.

    Args:
        sealer: what the state was sealed with.
        sub: the caller.
        subject: `subject_of` the call.
        state: its `requestState`, if any.
        responses: its `inputResponses`.

    Raises:
        RpcError: -32602, the state is forged, expired, or of another call or caller.
    """
    earlier: dict[str, dict[str, object]] = {}
    if state is not None:
        try:
            sealed = sealer.open(state, _State, purpose=PURPOSE)
        except NotSealed as error:
            raise RpcError(INVALID_PARAMS, "requestState is not one of ours") from error
        if sealed.sub != sub or sealed.subject != subject:
            raise RpcError(INVALID_PARAMS, "requestState belongs to another call")
        if sealed.expires < time.time():
            raise RpcError(INVALID_PARAMS, "requestState has expired; make the call anew")
        earlier = sealed.answers
    given = {name: value for name, value in responses.items() if isinstance(value, dict)}
    return Rounds({**earlier, **given})


def input_required(sealer: Sealer, pause: InputRequired, *, sub: str, subject: str) -> bytes:
    """The members of the result that asks the client."""
    state = _State(
        sub=sub,
        expires=int(time.time()) + STATE_SECONDS,
        subject=subject,
        answers={name: dict(answer) for name, answer in pause.answered.items()},
    )
    requests = {
        name: {"method": question.method, "params": question.params}
        for name, question in pause.questions.items()
    }
    return jsonrpc.members(
        {"inputRequests": requests, "requestState": sealer.seal(state, purpose=PURPOSE)}
    )


def subject_of(method: str, target: str, arguments: bytes) -> str:
    """A digest of what a call is about; the order of its arguments does not matter.

    Raises:
        RpcError: -32602, a number in the arguments is beyond all measure.
    """
    read = jsonrpc.read_params(arguments, dict[str, object])
    about = msgspec.json.encode([method, target, read], order="deterministic")
    return hashlib.sha256(about).hexdigest()

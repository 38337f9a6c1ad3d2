"""Input from the client in the stateless era: the call ends, and the client repeats it.

The server stores nothing in between. The responses so far travel in `requestState`, signed for the
caller, the method and the arguments of the call, until it expires.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from onecgw.auth.signing import BadSignature, Signer
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_requests import InputRequest, InputResponse
from onecgw.mcp.rpc_errors import INVALID_PARAMS, RpcError

STATE_SECONDS: Final = 900  # long enough for a person to consult a colleague
PURPOSE: Final = "mcp request state"
# The params in which a repeated call differs.
_PER_REQUEST: Final = {"_meta", "inputResponses", "requestState"}


class InputRequired(Exception):
    """The call needs responses of the client before it can go on.

    requests: those without a valid response. responses: the valid ones so far.
    """

    def __init__(
        self, requests: Mapping[str, InputRequest], responses: Mapping[str, InputResponse]
    ) -> None:
        super().__init__(", ".join(requests))
        self.requests = requests
        self.responses = responses


class _State(msgspec.Struct, gc=False, array_like=True):
    expires: int
    subject: str
    responses: dict[str, dict[str, object]]


def pick_responses(
    requests: Mapping[str, InputRequest], responses: Mapping[str, InputResponse]
) -> dict[str, InputResponse]:
    """The response to each request, by its name.

    Raises:
        InputRequired: some are missing or have the wrong shape.
    """
    missing = {
        name: request
        for name, request in requests.items()
        if name not in responses or not request.accepts(responses[name])
    }
    if missing:
        valid = {name: value for name, value in responses.items() if name not in missing}
        raise InputRequired(missing, valid)
    return {name: responses[name] for name in requests}


def read_responses(
    signer: Signer, subject: str, *, state: str | None, responses: Mapping[str, object]
) -> dict[str, InputResponse]:
    """The responses that a repeated call carries, those in its `requestState` included.

    Args:
        signer: signs and verifies the state.
        subject: `subject_of` the call.
        state: its `requestState`; None = it has none.
        responses: its `inputResponses`.

    Raises:
        RpcError: -32602, the state is forged, expired, or of another call or caller.
    """
    earlier: dict[str, dict[str, object]] = {}
    if state is not None:
        try:
            opened = signer.open(state, _State, purpose=PURPOSE)
        except BadSignature as error:
            raise RpcError(INVALID_PARAMS, "requestState is not one of ours") from error
        if opened.subject != subject:
            raise RpcError(INVALID_PARAMS, "requestState belongs to another call")
        if opened.expires < time.time():
            raise RpcError(INVALID_PARAMS, "requestState has expired; make the call anew")
        earlier = opened.responses
    given = {name: value for name, value in responses.items() if isinstance(value, dict)}
    return {**earlier, **given}


def input_required_members(signer: Signer, subject: str, pause: InputRequired) -> bytes:
    """The members of the result that names what the client has to send."""
    state = _State(
        expires=int(time.time()) + STATE_SECONDS,
        subject=subject,
        responses={name: dict(response) for name, response in pause.responses.items()},
    )
    requests = {
        name: {"method": request.method, "params": request.params}
        for name, request in pause.requests.items()
    }
    return jsonrpc.members(
        {"inputRequests": requests, "requestState": signer.sign(state, purpose=PURPOSE)}
    )


def subject_of(sub: str, method: str, params: bytes) -> str:
    """A digest of a call: of its caller, method and params, without those of a repeat.

    The order of the members does not matter.

    Raises:
        RpcError: -32602, a number in the params is too large to be read.
    """
    read = jsonrpc.read_params(params, dict[str, object])
    lasting = {name: value for name, value in read.items() if name not in _PER_REQUEST}
    subject = msgspec.json.encode([sub, method, lasting], order="deterministic")
    return hashlib.sha256(subject).hexdigest()

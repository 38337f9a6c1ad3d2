"""What 1C says of an account's key: three answers that are never merged."""

from http import HTTPStatus
from typing import Final

import msgspec

from onecgw.caller import ALL_SCOPES
from onecgw.errors import OnecBadResponse
from onecgw.identity import ValidKey
from onecgw.onec.failures import Reply
from onecgw.onec.reasons import contract_error, text_of

_DENIALS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


def denies_key(reply: Reply) -> bool:
    """Whether 1C's service speaks, and says no.

    A 401 without the service's own error body is about the gateway's technical user, a 404 without
    it about the publication.
    """
    told = contract_error(text_of(reply.body, reply.content_type))
    return reply.status in _DENIALS and told is not None


class _Identity(msgspec.Struct):
    sub: str
    name: str = ""
    scopes: list[str] = []


def read_identity(body: bytes) -> ValidKey:
    """The account in the answer of `POST /mcp/auth/verify`.

    Raises:
        OnecBadResponse: it has no sub, or other types than agreed.
    """
    try:
        identity = msgspec.json.decode(body, type=_Identity)
    except msgspec.ValidationError as error:
        raise OnecBadResponse(f"1C's answer about the key has another shape: {error}") from error
    if not identity.sub:
        raise OnecBadResponse("1C's answer about the key has an empty sub")
    return ValidKey(
        sub=identity.sub,
        name=identity.name,
        scopes=frozenset(identity.scopes) & frozenset(ALL_SCOPES),
    )

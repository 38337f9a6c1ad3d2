"""Reading 1C's answer about an account's key."""

from http import HTTPStatus
from typing import Final

import msgspec

from onecgw.auth.caller import ALL_SCOPES
from onecgw.auth.key_verification import ValidKey
from onecgw.backends.errors.error_text import contract_error, text_of
from onecgw.backends.errors.failures import Reply
from onecgw.errors import OnecBadResponse

MAX_SUB_CHARACTERS: Final = 200
MAX_NAME_CHARACTERS: Final = 200  # of what the pages show
_DENIALS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


def denies_key(reply: Reply) -> bool:
    """Whether 1C's own service refuses the key.

    A 401 without the service's own error body is about the gateway's technical user, a 404 without
    it about the publication.
    """
    error = contract_error(text_of(reply.body, reply.content_type))
    return reply.status in _DENIALS and error is not None


class _Identity(msgspec.Struct):
    sub: str
    name: str = ""
    scopes: list[str] = []


def read_identity(body: bytes) -> ValidKey:
    """The account in the answer of `POST /mcp/auth/verify`.

    Raises:
        OnecBadResponse: it has no sub, or one that is too long, or other types than agreed.
    """
    try:
        identity = msgspec.json.decode(body, type=_Identity)
    except msgspec.ValidationError as error:
        raise OnecBadResponse(f"1C's answer about the key has another shape: {error}") from error
    # It is in every record of the audit and in a header of every call.
    if not 1 <= len(identity.sub) <= MAX_SUB_CHARACTERS:
        wanted = f"1 to {MAX_SUB_CHARACTERS} characters are expected"
        raise OnecBadResponse(f"1C's answer about the key has a sub that is no account: {wanted}")
    return ValidKey(
        sub=identity.sub,
        name=identity.name[:MAX_NAME_CHARACTERS],
        scopes=frozenset(identity.scopes) & frozenset(ALL_SCOPES),
    )

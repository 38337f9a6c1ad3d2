"""What the head of a request may be, whatever the version of HTTP that it came in."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

MAX_TARGET_BYTES: Final = 16 * 1024  # the client_id of /authorize carries the client's metadata
MAX_HEADERS: Final = 100
MAX_HEADERS_BYTES: Final = 32 * 1024
MAX_HEAD_BYTES: Final = MAX_TARGET_BYTES + MAX_HEADERS_BYTES
MAX_SYNTAX_BYTES: Final = 1024  # what HTTP/1.1 puts around them: method, version, line ends


def refusal_of(
    method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> HTTPStatus | None:
    """The status that refuses a head; None if it is fine.

    Args:
        method: in capitals.
        target: in origin form, or * for OPTIONS.
        headers: all of them, pseudo-headers too.
    """
    if len(target) > MAX_TARGET_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if len(headers) > MAX_HEADERS or _size_bytes(headers) > MAX_HEADERS_BYTES:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    is_address = target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")
    if not (is_address and target.isascii() and method.isascii()):
        return HTTPStatus.BAD_REQUEST
    return None


def _size_bytes(headers: Sequence[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)

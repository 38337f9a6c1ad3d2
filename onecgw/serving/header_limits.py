"""The limits of a request's target and headers, for HTTP/1.1 and HTTP/2."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

MAX_TARGET_BYTES: Final = 16 * 1024  # the client_id of /authorize carries the client's metadata
MAX_HEADERS: Final = 100
MAX_HEADERS_BYTES: Final = 32 * 1024
MAX_HEAD_BYTES: Final = MAX_TARGET_BYTES + MAX_HEADERS_BYTES
MAX_SYNTAX_BYTES: Final = 1024  # HTTP/1.1 syntax around them: method, version, line ends


def find_rejection(
    method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> HTTPStatus | None:
    """Return the status that rejects a request by its target and headers; None to accept it.

    Args:
        method: in upper case.
        target: in origin form, or * for OPTIONS.
        headers: including pseudo-headers.
    """
    if len(target) > MAX_TARGET_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    size_bytes = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size_bytes > MAX_HEADERS_BYTES:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    is_valid_form = target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")
    if not (is_valid_form and target.isascii() and method.isascii()):
        return HTTPStatus.BAD_REQUEST
    return None

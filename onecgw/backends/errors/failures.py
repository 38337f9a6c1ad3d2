"""What an answer other than 200 means: one table from status and text to an error.

The text decides before the status: the platform reports a missing licence or a blocked infobase
with 403, 500 or 503, depending on its version and on the web server in front of it.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import attrs

from onecgw.backends.errors import platform_messages
from onecgw.backends.errors.error_text import (
    MESSAGE_CHARACTERS,
    contract_error,
    foreign_error,
    is_platform_exception,
    lines_of,
    log_line,
    reason_in,
    safe_line,
    text_of,
)
from onecgw.backends.http_service.paths import HEALTH_PATH
from onecgw.errors import (
    OnecAuth,
    OnecBadResponse,
    OnecError,
    OnecFailed,
    OnecForbidden,
    OnecLicense,
    OnecLocked,
    OnecMaintenance,
    OnecNotPublished,
    OnecRedirect,
    OnecRejected,
    OnecUnavailable,
)
from onecgw.locales.text import Text, join_texts, say
from onecgw.responses.error_body import NO_REASON, descriptions, is_silent, read_json_value

MAINTENANCE_SECONDS: Final = 60
BLOCK_LINES: Final = 3  # of the text about a blocked infobase: the fact, the reason, the end
MAX_ERROR_BYTES: Final = 64 * 1024  # of an error body; what is larger holds figures
LICENSE_SECONDS: Final = 30
UNAVAILABLE_SECONDS: Final = 10
LOCKED_SECONDS: Final = 5
LONGEST_RETRY_AFTER_SECONDS: Final = 3_600  # a proxy's own advice is believed up to here

UNAVAILABLE: Final = "onec.unavailable"  # the key of a text


class Remedy(StrEnum):
    """What to do before the same call is made once more."""

    AT_ONCE = "at once"
    PAUSE = "pause"  # let the others finish
    NEW_SESSION = "new session"  # the one of the cookie is gone
    OWN_SESSIONS = "own sessions"  # the publication wants its client to keep them


@attrs.frozen(kw_only=True)
class Reply:
    """An HTTP answer, its body read and inflated.

    headers: names in lower case; of a repeated one the last.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The Content-Type, "" if there is none."""
        return self.headers.get("content-type", "")


@attrs.frozen(kw_only=True)
class Failure:
    """A call that did not end well.

    error: what the caller sees.
    reason: why, for the log only (it may name modules and servers).
    remedy: what to do before a second attempt; None = no second attempt.
    reply: the answer, if there was one.
    """

    error: OnecError
    reason: str
    remedy: Remedy | None = None
    reply: Reply | None = None


# From an answer and its safe reason to what the caller sees.
_Explain = Callable[[Reply, str], OnecError]


def failure_of(reply: Reply, path: str) -> Failure:
    """The meaning of an answer to a question at a path, whose status is not that of success."""
    text = text_of(reply.body, reply.content_type)
    message = contract_error(text)
    refused = _CONTRACT_ERRORS.get(reply.status)
    if message is not None and refused is not None and not _is_not_about_request(reply, path, text):
        return _refusal(refused, reply, message)
    explain = _explanation(reply.status, text)
    if explain in {_unexpected, _forbidden} and refused is not None:
        message = foreign_error(text) or _plain_reason(text)
        if message and not is_platform_exception(text):
            return _refusal(refused, reply, message)
    lines = (message,) if message else lines_of(text)
    reason = _block_text(lines) if explain is _maintenance else reason_in(lines)
    return Failure(
        error=explain(reply, _shown(reason)),
        reason=log_line(" / ".join(lines)),
        remedy=_REMEDIES.get(explain),
        reply=reply,
    )


def failure_in_success(reply: Reply) -> Failure | None:
    """The failure that an answer with the status of success reports; None if it reports none.

    Extensions answer 200 with an error body, the web client with a page about licences. Larger
    bodies are reports: `responses.response_check` looks at those.
    """
    if len(reply.body) > MAX_ERROR_BYTES or is_silent(reply.body):
        return None
    text = text_of(reply.body, reply.content_type)
    message = foreign_error(text)
    if message is None:
        is_json = text.lstrip().startswith(("{", "["))
        explain = None if is_json else _text_explanation(text)
        message = "" if explain is None else reason_in(lines_of(text))
    else:
        explain = _text_explanation(message)
    if explain is None or explain is _forbidden:
        if not message:
            return _text_in_success(reply, text)
        return _refusal(_class_of_refusal(text, explain), reply, message)
    lines = lines_of(text)
    reason = _block_text(lines) if explain is _maintenance else message
    return Failure(
        error=explain(reply, _shown(reason)),
        reason=log_line(" / ".join(lines)),
        remedy=_REMEDIES.get(explain),
        reply=reply,
    )


def _text_in_success(reply: Reply, text: str) -> Failure | None:
    """The failure of a text where JSON is due, which most often says why; None: it is none."""
    value = read_json_value(text)
    message = value if isinstance(value, str) else text.strip() if value is None else ""
    if not message[:1].isalpha() or message == "null":
        return None
    shown = _shown(reason_in(lines_of(message)))
    error = OnecBadResponse(say("onec.text_instead", text=shown))
    return Failure(error=error, reason=log_line(message), reply=reply) if shown else None


def _class_of_refusal(text: str, explain: "_Explain | None") -> type[OnecError]:
    if explain is _forbidden:
        return OnecForbidden
    return OnecFailed if is_platform_exception(text) else OnecRejected


def _refusal(refused: type[OnecError], reply: Reply, message: str) -> Failure:
    """A refusal in 1C's own words."""
    is_ours = isinstance(message, Text)
    shown = message if is_ours else safe_line(message, limit=MESSAGE_CHARACTERS)
    return Failure(error=refused(shown), reason=log_line(message), reply=reply)


def _block_text(lines: tuple[str, ...]) -> str:
    """The lines that say that the infobase is blocked, and until when."""
    for index, line in enumerate(lines):
        if _text_explanation(line) is _maintenance:
            return " ".join(lines[index : index + BLOCK_LINES])
    return reason_in(lines)


def _plain_reason(text: str) -> str:
    """The reason in a body of plain text; "" of a page or of JSON."""
    return "" if text.lstrip().startswith(("<", "{", "[")) else reason_in(lines_of(text))


def _is_not_about_request(reply: Reply, path: str, text: str) -> bool:
    """Whether an answer in the contract's shape is still not a refusal of the request."""
    match reply.status:
        case HTTPStatus.NOT_FOUND:
            return path == HEALTH_PATH  # which asks for no object that may be missing
        case HTTPStatus.FORBIDDEN:  # an extension may hand on what the platform says
            return _explanation(reply.status, text) in {_maintenance, _license}
    return False


def _shown(reason: str) -> str:
    shown = safe_line(reason)
    return shown if any(map(str.isalnum, shown)) else ""


def wire_failure(error: OnecError, cause: BaseException | None) -> Failure:
    """The meaning of an exchange that gave no usable answer."""
    return Failure(
        error=error,
        reason=log_line(f"{type(cause).__name__}: {cause}") if cause is not None else "",
        remedy=Remedy.AT_ONCE if isinstance(error, OnecUnavailable) else None,
    )


def _explanation(status: int, text: str) -> _Explain:
    by_text = _text_explanation(text) if status >= HTTPStatus.BAD_REQUEST else None
    return by_text or _BY_STATUS.get(status) or _by_class(status)


def _text_explanation(text: str) -> _Explain | None:
    """What a phrase of the platform in a text means; None if there is no such phrase."""
    # In JSON the phrase may be written in escapes.
    inner_texts = (inner for _, inner in descriptions(read_json_value(text)))
    plain_text = platform_messages.plain(" ".join((text, *inner_texts)))
    return next(
        (explain for marks, explain in _BY_TEXT if any(mark in plain_text for mark in marks)), None
    )


def _retry_after(reply: Reply, otherwise: int) -> int:
    seconds = reply.headers.get("retry-after", "").strip()
    if (
        seconds.isascii()
        and seconds.isdigit()
        and len(seconds) <= len(str(LONGEST_RETRY_AFTER_SECONDS))
    ):
        return min(max(int(seconds), 1), LONGEST_RETRY_AFTER_SECONDS)
    return otherwise


def _license(reply: Reply, _: str) -> OnecError:
    return OnecLicense(
        say("onec.license"),
        retry_after_seconds=_retry_after(reply, LICENSE_SECONDS),
    )


def _maintenance(reply: Reply, reason: str) -> OnecError:
    return OnecMaintenance(
        reason or say("onec.maintenance"),
        retry_after_seconds=_retry_after(reply, MAINTENANCE_SECONDS),
    )


def _locked(reply: Reply, _: str) -> OnecError:
    return OnecLocked(
        say("onec.locked"),
        retry_after_seconds=_retry_after(reply, LOCKED_SECONDS),
    )


def _unavailable(reply: Reply, _: str) -> OnecError:
    return OnecUnavailable(
        say(UNAVAILABLE), retry_after_seconds=_retry_after(reply, UNAVAILABLE_SECONDS)
    )


def _throttled(reply: Reply, reason: str) -> OnecError:
    """As unavailable, but a second attempt would make it worse."""
    return _unavailable(reply, reason)


def _auth(_: Reply, __: str) -> OnecError:
    return OnecAuth(say("onec.auth"))


def _forbidden(_: Reply, __: str) -> OnecError:
    return OnecForbidden(say("onec.forbidden"))


def _not_published(reply: Reply, _: str) -> OnecError:
    return OnecNotPublished(say("onec.not_published", status=reply.status))


def _redirect(reply: Reply, _: str) -> OnecError:
    return OnecRedirect(say("onec.redirect", status=reply.status))


def _session_expired(_: Reply, __: str) -> OnecError:
    return OnecFailed(say("onec.session_expired"))


def _session_wanted(_: Reply, __: str) -> OnecError:
    return OnecFailed(say("onec.session_wanted"))


def _failed(_: Reply, reason: str) -> OnecError:
    return OnecFailed(reason or say(NO_REASON))


def _unexpected(reply: Reply, reason: str) -> OnecError:
    status_text = say("onec.status", status=reply.status)
    return OnecBadResponse(join_texts(": ", (status_text, reason)))


def _by_class(status: int) -> _Explain:
    match status // 100:
        case 3:
            return _redirect
        case 5:
            return _failed
    return _unexpected


_CONTRACT_ERRORS: Final[Mapping[int, type[OnecError]]] = {
    HTTPStatus.BAD_REQUEST: OnecRejected,
    HTTPStatus.FORBIDDEN: OnecForbidden,
    HTTPStatus.NOT_FOUND: OnecRejected,  # the service is there, the object asked for is not
    HTTPStatus.CONFLICT: OnecRejected,
    HTTPStatus.PRECONDITION_FAILED: OnecRejected,
    HTTPStatus.UNPROCESSABLE_ENTITY: OnecRejected,
    HTTPStatus.LOCKED: OnecRejected,
    HTTPStatus.FAILED_DEPENDENCY: OnecRejected,
}

_REMEDIES: Final[Mapping[_Explain, Remedy]] = {
    _locked: Remedy.PAUSE,
    _unavailable: Remedy.AT_ONCE,
    _session_expired: Remedy.NEW_SESSION,
    _session_wanted: Remedy.OWN_SESSIONS,
}

_BY_STATUS: Final[Mapping[int, _Explain]] = {
    HTTPStatus.UNAUTHORIZED: _auth,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_published,
    HTTPStatus.METHOD_NOT_ALLOWED: _not_published,  # a static site answers POST so
    HTTPStatus.NOT_ACCEPTABLE: _session_expired,
    HTTPStatus.GONE: _not_published,
    HTTPStatus.REQUEST_TIMEOUT: _unavailable,
    HTTPStatus.TOO_MANY_REQUESTS: _throttled,
    HTTPStatus.BAD_GATEWAY: _unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: _unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: _unavailable,
    **dict.fromkeys(range(520, 528), _unavailable),  # a proxy that cannot reach its origin
}

# The first that is found counts.
_BY_TEXT: Final[tuple[tuple[tuple[str, ...], _Explain], ...]] = (
    (platform_messages.SESSION_EXPIRED, _session_expired),
    (platform_messages.NO_LICENSE, _license),
    (platform_messages.BLOCKED, _maintenance),
    (platform_messages.LOCKED, _locked),
    (platform_messages.SESSION_WANTED, _session_wanted),
    (platform_messages.NO_SUCH_USER, _auth),
    (platform_messages.NO_RIGHT, _forbidden),
    (platform_messages.SERVER_GONE, _unavailable),
)

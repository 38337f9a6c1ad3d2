"""What an answer other than 200 means: one table from status and text to an error.

The text decides before the status: the platform reports a missing licence or a blocked infobase
with 403, 500 or 503, depending on its version and on the web server in front of it.
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal

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


def failure_of(reply: Reply, path: str) -> Failure:
    """The meaning of an answer to a question at a path, whose status is not that of success."""
    text = text_of(reply.body, reply.content_type)
    message = contract_error(text)
    refused = _CONTRACT_ERRORS.get(reply.status)
    if message is not None and refused is not None and not _is_not_about_request(reply, path, text):
        return _refusal(refused, reply, message)
    meaning = _explanation(reply.status, text)
    if meaning in {_UNEXPECTED, _FORBIDDEN} and refused is not None:
        message = foreign_error(text) or _plain_reason(text)
        if message and not is_platform_exception(text):
            return _refusal(refused, reply, message)
    lines = (message,) if message else lines_of(text)
    reason = _block_text(lines) if meaning is _MAINTENANCE else reason_in(lines)
    return Failure(
        error=meaning.error_of(reply, _shown(reason)),
        reason=log_line(" / ".join(lines)),
        remedy=meaning.remedy,
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
        meaning = None if is_json else _text_explanation(text)
        message = "" if meaning is None else reason_in(lines_of(text))
    else:
        meaning = _text_explanation(message)
    if meaning is None or meaning is _FORBIDDEN:
        if not message:
            return _text_in_success(reply, text)
        return _refusal(_class_of_refusal(text, meaning), reply, message)
    lines = lines_of(text)
    reason = _block_text(lines) if meaning is _MAINTENANCE else message
    return Failure(
        error=meaning.error_of(reply, _shown(reason)),
        reason=log_line(" / ".join(lines)),
        remedy=meaning.remedy,
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


def _class_of_refusal(text: str, meaning: "_Meaning | None") -> type[OnecError]:
    if meaning is _FORBIDDEN:
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
        if _text_explanation(line) is _MAINTENANCE:
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
            return _explanation(reply.status, text) in {_MAINTENANCE, _LICENSE}
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


def _explanation(status: int, text: str) -> "_Meaning":
    by_text = _text_explanation(text) if status >= HTTPStatus.BAD_REQUEST else None
    return by_text or _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, _UNEXPECTED)


def _text_explanation(text: str) -> "_Meaning | None":
    """What a phrase of the platform in a text means; None if there is no such phrase."""
    # In JSON the phrase may be written in escapes.
    inner_texts = (inner for _, inner in descriptions(read_json_value(text)))
    plain_text = platform_messages.plain(" ".join((text, *inner_texts)))
    return next(
        (meaning for marks, meaning in _BY_TEXT if any(mark in plain_text for mark in marks)), None
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


@attrs.frozen(eq=False)
class _Meaning:
    """What a failed answer means to the caller.

    error: the class. text: the key of a text.
    retry_after_seconds: when the call may succeed, unless the answer says it; None: unknown.
    remedy: what to do before a second attempt; None = no second attempt.
    says_status: the text has the placeholder `status`.
    reason: whether 1C's reason replaces the text, follows it, or is left out.
    """

    error: type[OnecError]
    text: str
    retry_after_seconds: int | None = attrs.field(default=None, kw_only=True)
    remedy: Remedy | None = attrs.field(default=None, kw_only=True)
    says_status: bool = attrs.field(default=False, kw_only=True)
    reason: Literal["replaces", "follows", ""] = attrs.field(default="", kw_only=True)

    def error_of(self, reply: Reply, reason: str) -> OnecError:
        """The error of an answer, with its safe reason."""
        text: str = say(self.text, status=reply.status) if self.says_status else say(self.text)
        if self.reason == "replaces":
            text = reason or text
        elif self.reason == "follows":
            text = join_texts(": ", (text, reason))
        if self.retry_after_seconds is None:
            return self.error(text)
        seconds = _retry_after(reply, self.retry_after_seconds)
        return self.error(text, retry_after_seconds=seconds)


_LICENSE: Final = _Meaning(OnecLicense, "onec.license", retry_after_seconds=LICENSE_SECONDS)
_MAINTENANCE: Final = _Meaning(
    OnecMaintenance,
    "onec.maintenance",
    retry_after_seconds=MAINTENANCE_SECONDS,
    reason="replaces",
)
_LOCKED: Final = _Meaning(
    OnecLocked, "onec.locked", retry_after_seconds=LOCKED_SECONDS, remedy=Remedy.PAUSE
)
# A second attempt would make it worse.
_THROTTLED: Final = _Meaning(OnecUnavailable, UNAVAILABLE, retry_after_seconds=UNAVAILABLE_SECONDS)
_UNAVAILABLE: Final = attrs.evolve(_THROTTLED, remedy=Remedy.AT_ONCE)
_AUTH: Final = _Meaning(OnecAuth, "onec.auth")
_FORBIDDEN: Final = _Meaning(OnecForbidden, "onec.forbidden")
_NOT_PUBLISHED: Final = _Meaning(OnecNotPublished, "onec.not_published", says_status=True)
_REDIRECT: Final = _Meaning(OnecRedirect, "onec.redirect", says_status=True)
_SESSION_EXPIRED: Final = _Meaning(OnecFailed, "onec.session_expired", remedy=Remedy.NEW_SESSION)
_SESSION_WANTED: Final = _Meaning(OnecFailed, "onec.session_wanted", remedy=Remedy.OWN_SESSIONS)
_FAILED: Final = _Meaning(OnecFailed, NO_REASON, reason="replaces")
_UNEXPECTED: Final = _Meaning(OnecBadResponse, "onec.status", says_status=True, reason="follows")


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

_BY_STATUS: Final[Mapping[int, _Meaning]] = {
    HTTPStatus.UNAUTHORIZED: _AUTH,
    HTTPStatus.FORBIDDEN: _FORBIDDEN,
    HTTPStatus.NOT_FOUND: _NOT_PUBLISHED,
    HTTPStatus.METHOD_NOT_ALLOWED: _NOT_PUBLISHED,  # a static site answers POST so
    HTTPStatus.NOT_ACCEPTABLE: _SESSION_EXPIRED,
    HTTPStatus.GONE: _NOT_PUBLISHED,
    HTTPStatus.REQUEST_TIMEOUT: _UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: _THROTTLED,
    HTTPStatus.BAD_GATEWAY: _UNAVAILABLE,
    HTTPStatus.SERVICE_UNAVAILABLE: _UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: _UNAVAILABLE,
    **dict.fromkeys(range(520, 528), _UNAVAILABLE),  # a proxy that cannot reach its origin
}

_BY_CLASS: Final[Mapping[int, _Meaning]] = {3: _REDIRECT, 5: _FAILED}

# The first that is found counts.
_BY_TEXT: Final[tuple[tuple[tuple[str, ...], _Meaning], ...]] = (
    (platform_messages.SESSION_EXPIRED, _SESSION_EXPIRED),
    (platform_messages.NO_LICENSE, _LICENSE),
    (platform_messages.BLOCKED, _MAINTENANCE),
    (platform_messages.LOCKED, _LOCKED),
    (platform_messages.SESSION_WANTED, _SESSION_WANTED),
    (platform_messages.NO_SUCH_USER, _AUTH),
    (platform_messages.NO_RIGHT, _FORBIDDEN),
    (platform_messages.SERVER_GONE, _UNAVAILABLE),
)

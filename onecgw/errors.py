"""The errors that a caller may see: each has a stable code, an HTTP status and a safe message.

OnecgwError                 its message is safe to show to the caller
├── ConfigError             the settings do not allow a start (for the operator)
├── InvalidRequest          400 invalid_request      the body is not a JSON object
│   └── MisplacedToken      400 invalid_request      a token in the address or in a form
├── ValidationFailed        400 validation_error     arguments, all problems at once
├── Ambiguous               400 ambiguous            a name fits several objects
├── LimitExceeded           400 limit_exceeded       more rows than are accepted
├── Unauthorized            401 unauthorized         no token, or a wrong one
├── ScopeMissing            403 insufficient_scope   a known caller without the right
├── NotFound                404 not_found            no such route, tool or resource
├── Unsupported             404 unsupported          the 1C base does not support it
├── MethodNotAllowed        405 method_not_allowed
├── PayloadTooLarge         413 payload_too_large
├── UnsupportedMediaType    415 unsupported_media_type
├── RateLimited             429 rate_limited         too many calls; says when to retry
├── StorageUnavailable      503 storage_unavailable  the database cannot be used
└── OnecError               a call to 1C failed
    ├── OnecRejected        400 onec_rejected        1C refused the arguments
    ├── OnecAuth            401 onec_auth            1C rejects the technical user
    ├── OnecForbidden       502 onec_forbidden       the technical user has no right
    ├── OnecMaintenance     503 onec_maintenance     the infobase is blocked
    ├── OnecNotPublished    502 onec_not_published   no service, or not what is needed
    ├── OnecRedirect        502 onec_redirect        base_url answers with a redirect
    ├── OnecFailed          502 onec_failed          1C raised an error
    ├── OnecLocked          503 onec_locked          a data lock timed out
    ├── OnecLicense         503 onec_license         no free licence
    ├── OnecUnavailable     503 onec_unavailable     1C cannot be reached
    ├── OnecTimeout         504 onec_timeout         the deadline passed
    └── OnecBadResponse     502 onec_bad_response    the answer violates the contract
"""

from collections.abc import Iterator
from typing import ClassVar, Self

import attrs

from onecgw.locales import Language
from onecgw.locales.text import Text, in_language, join_texts, say
from onecgw.text import well_formed


@attrs.frozen(kw_only=True)
class Problem:
    """One problem of the arguments.

    path: the argument, such as `period.from` or `filters.customer_ids[2]`; "": all arguments.
    message: what is wrong and what would be accepted.
    """

    path: str
    message: str

    @property
    def text(self) -> str:
        """The path and the message."""
        return join_texts(": ", (self.path, self.message))

    def __str__(self) -> str:
        return str(self.text)


class OnecgwError(Exception):
    """An error whose message may be shown to the caller.

    retry_after_seconds: when the same call may succeed; None: unknown.
    language: of the message; None: it is a text of any language.
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    language: Language | None = None

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        # Texts of 1C may hold half a character, which no encoder of an answer accepts.
        self.message = message if isinstance(message, Text) else well_formed(message)
        super().__init__(str(self.message))
        self.retry_after_seconds = retry_after_seconds

    @property
    def reason(self) -> str:
        """The code and the message."""
        return join_texts(": ", (self.code, self.message))

    def in_language(self, language: Language) -> Self:
        """The same error with its texts in a language.

        It is a copy, because several callers may wait for one error of 1C.
        """
        copied = type(self).__new__(type(self), *self.args)
        copied.__dict__.update(self.__dict__)
        copied.message = in_language(self.message, language)
        copied.language = self.language or language
        copied.args = (copied.message,)
        return copied


class ConfigError(OnecgwError):
    """The settings do not allow a start; the message has one line for each problem."""

    code = "config_error"


class InvalidRequest(OnecgwError):
    """The body is not a JSON object."""

    code = "invalid_request"
    http_status = 400


class MisplacedToken(InvalidRequest):
    """A token was sent in the URL or in a form, which proxies and browsers log and store.

    challenge: the value of WWW-Authenticate.
    """

    def __init__(self, message: str, *, challenge: str) -> None:
        super().__init__(message)
        self.challenge = challenge


class ValidationFailed(OnecgwError):
    """The arguments are invalid; every problem is listed with its path."""

    code = "validation_error"
    http_status = 400

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(join_texts("; ", (problem.text for problem in problems)))
        self.problems = problems
        self.summary: str = say("errors.invalid_arguments")

    def in_language(self, language: Language) -> Self:
        """The same problems with their texts in a language."""
        copied = super().in_language(language)
        copied.problems = tuple(
            attrs.evolve(problem, message=in_language(problem.message, language))
            for problem in self.problems
        )
        copied.summary = in_language(self.summary, language)
        return copied


@attrs.frozen(kw_only=True)
class Candidate:
    """An object that a name may mean.

    mark: what distinguishes it from objects with the same label; "" if nothing does.
    """

    id: str
    label: str
    mark: str = ""


class Ambiguous(OnecgwError):
    """A name matches several objects; the message lists them and says how to continue.

    argument: the argument with the name.
    id_argument: the argument that takes the id instead.
    candidates: the first of those that match. known: how many are known to match.
    is_cut: more may match. is_partial: more match, or may match, than are in candidates.
    """

    code = "ambiguous"
    http_status = 400

    def __init__(
        self,
        *,
        argument: str,
        id_argument: str,
        candidates: tuple[Candidate, ...],
        known: int = 0,
        is_cut: bool = False,
    ) -> None:
        listed = "; ".join(
            f"{one.label} ({one.mark}), id {one.id}" if one.mark else f"{one.label}, id {one.id}"
            for one in candidates
        )
        is_partial = is_cut or known > len(candidates)
        super().__init__(
            say(
                "errors.ambiguous",
                argument=argument,
                id_argument=id_argument,
                several=say("errors.more_fit", known=known)
                if is_cut
                else say("errors.several_fit"),
                part=say("errors.first_candidates", count=len(candidates)) if is_partial else "",
                listed=listed,
            )
        )
        self.argument = argument
        self.id_argument = id_argument
        self.candidates = candidates
        self.is_partial = is_partial


class LimitExceeded(OnecgwError):
    """An answer of 1C has more rows than are accepted."""

    code = "limit_exceeded"
    http_status = 400


class Unauthorized(OnecgwError):
    """There is no valid bearer token.

    challenge: the value of WWW-Authenticate.
    """

    code = "unauthorized"
    http_status = 401

    def __init__(self, message: str, *, challenge: str) -> None:
        super().__init__(message)
        self.challenge = challenge


class ScopeMissing(OnecgwError):
    """The caller lacks a scope that the call needs.

    required: all scopes that the call needs.
    """

    code = "insufficient_scope"
    http_status = 403

    def __init__(self, message: str, *, required: frozenset[str]) -> None:
        super().__init__(message)
        self.required = required


class NotFound(OnecgwError):
    """There is no such route or tool for this caller."""

    code = "not_found"
    http_status = 404


class Unsupported(OnecgwError):
    """The 1C base behind the gateway does not support the tool."""

    code = "unsupported"
    http_status = 404


class MethodNotAllowed(OnecgwError):
    """The route does not accept the method.

    allowed: the methods that the route accepts.
    """

    code = "method_not_allowed"
    http_status = 405

    def __init__(self, *allowed: str) -> None:
        super().__init__(say("errors.method", allowed=", ".join(allowed)))
        self.allowed = allowed


class PayloadTooLarge(OnecgwError):
    """The request body exceeds `limits.max_request_bytes`."""

    code = "payload_too_large"
    http_status = 413


class UnsupportedMediaType(OnecgwError):
    """The request body is not `application/json`."""

    code = "unsupported_media_type"
    http_status = 415


class RateLimited(OnecgwError):
    """The caller made more calls than `limits.calls_per_minute` allows."""

    code = "rate_limited"
    http_status = 429


class StorageUnavailable(OnecgwError):
    """The database cannot be used, so logins or the audit cannot be kept."""

    code = "storage_unavailable"
    http_status = 503


class OnecError(OnecgwError):
    """A call to 1C failed."""

    code = "onec_error"
    http_status = 502


class OnecRejected(OnecError):
    """1C rejected the arguments (HTTP 400 with its own `{error, message}`)."""

    code = "onec_rejected"
    http_status = 400


class OnecAuth(OnecError):
    """1C does not accept the technical user."""

    code = "onec_auth"
    http_status = 401


class OnecForbidden(OnecError):
    """The technical user has no right to what was asked for."""

    code = "onec_forbidden"


class OnecMaintenance(OnecError):
    """The infobase is blocked for maintenance."""

    code = "onec_maintenance"
    http_status = 503


class OnecNotPublished(OnecError):
    """No service answers at base_url, or a stock base does not publish what is needed."""

    code = "onec_not_published"


class OnecRedirect(OnecError):
    """base_url answers with a redirect, which is never followed."""

    code = "onec_redirect"


class OnecFailed(OnecError):
    """1C raised an error while it handled the call."""

    code = "onec_failed"


class OnecLocked(OnecError):
    """1C waited too long for a data lock."""

    code = "onec_locked"
    http_status = 503


class OnecLicense(OnecError):
    """1C has no free licence for a session."""

    code = "onec_license"
    http_status = 503


class OnecUnavailable(OnecError):
    """1C cannot be reached, or its proxy says so."""

    code = "onec_unavailable"
    http_status = 503


class OnecTimeout(OnecError):
    """The deadline of the call passed."""

    code = "onec_timeout"
    http_status = 504


class OnecBadResponse(OnecError):
    """1C's answer violates the contract."""

    code = "onec_bad_response"


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors in a group and in the groups nested in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error

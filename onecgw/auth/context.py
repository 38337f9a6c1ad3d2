"""The context of one call: made where a request is authenticated, passed on whole."""

import re
from typing import Final, Literal

import attrs

from onecgw.auth.caller import Caller
from onecgw.locales import DEFAULT_LANGUAGE, Language, accepted_language

Surface = Literal["mcp", "rest"]

# Source: W3C Trace Context, 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)


def valid_traceparent(value: str | None) -> str | None:
    """Return a valid traceparent unchanged, else None; it is written to logs and headers."""
    return value if value is not None and _TRACEPARENT.fullmatch(value) else None


@attrs.frozen(kw_only=True)
class CallContext:
    """Who calls, over which surface, and what ties the call together in logs, audit and 1C.

    request_id: the gateway's own.
    language: of the texts in answers, unless the call names one.
    traceparent: the W3C trace context of the caller; None without a valid one.
    """

    caller: Caller
    request_id: str
    surface: Surface
    traceparent: str | None = attrs.field(default=None, converter=valid_traceparent)
    language: Language = DEFAULT_LANGUAGE

    @property
    def sub(self) -> str:
        """The account of the caller."""
        return self.caller.sub

    def for_message(self, *, client_name: str, traceparent: str, locale: str = "") -> "CallContext":
        """The context of one message, with what the message says of its client and its trace.

        Args:
            client_name: what the program calls itself; "" = it does not say. Ignored if the caller
                has a grant: its client is the program that the person consented to.
            traceparent: the trace context of the message; "" = that of the transport.
            locale: of the person, as in `uk-UA`; "" = as the transport says.
        """
        caller = self.caller
        if client_name and not caller.grant:
            caller = attrs.evolve(caller, client=client_name)
        language = (accepted_language(locale) if locale else None) or self.language
        if caller is self.caller and not traceparent and language == self.language:
            return self
        return CallContext(
            caller=caller,
            request_id=self.request_id,
            surface=self.surface,
            traceparent=traceparent or self.traceparent,
            language=language,
        )

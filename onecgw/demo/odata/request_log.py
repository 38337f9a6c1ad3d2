"""What was requested, so that tests can assert how a client makes its requests."""

from collections import deque
from typing import Final

import attrs

_KEPT: Final = 10_000


@attrs.frozen
class LoggedRequest:
    """A request line: its method, and its target in encoded bytes."""

    method: str
    target: bytes


@attrs.define
class RequestLog:
    """The newest requests, and what all of them had in common.

    methods: how often each method was used.
    longest: the longest target so far.
    allowed_only: how often allowedOnly was sent.
    """

    newest: deque[LoggedRequest] = attrs.field(factory=lambda: deque(maxlen=_KEPT))
    methods: dict[str, int] = attrs.field(factory=dict)
    longest: bytes = b""
    allowed_only: int = 0

    def record(self, method: str, target: bytes) -> None:
        """Record a request."""
        self.newest.append(LoggedRequest(method, target))
        self.methods[method] = self.methods.get(method, 0) + 1
        self.longest = max(self.longest, target, key=len)
        self.allowed_only += b"allowedOnly" in target

    def check(self, *, max_url_bytes: int) -> None:
        """Assert that only GET was used and that no target was longer than allowed.

        Raises:
            AssertionError: it was; the message shows the method, or the target.
        """
        if set(self.methods) - {"GET"}:
            raise AssertionError(f"other methods than GET were used: {self.methods}")
        if len(self.longest) > max_url_bytes:
            raise AssertionError(
                f"a target has {len(self.longest)} bytes, more than {max_url_bytes}: "
                f"{self.longest!r}"
            )

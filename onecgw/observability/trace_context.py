"""Validation of the W3C trace context (`traceparent`)."""

import re
from typing import Final

# Source: W3C Trace Context, 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)


def valid_traceparent(value: str | None) -> str | None:
    """Return a valid traceparent unchanged, else None; it is written to logs and headers."""
    return value if value is not None and _TRACEPARENT.fullmatch(value) else None

"""Whether calls can be answered, as /readyz reports it; free of Quart."""

from collections.abc import Awaitable, Callable

import attrs

from onecgw.backends.base import BackendState


@attrs.frozen(kw_only=True)
class Readiness:
    """What calls depend on. A 1C that is down does not make the gateway unready: it still answers.

    is_writable: the database; True if there is none. onec: None if it is not known.
    """

    is_writable: bool = True
    onec: BackendState | None = None


CheckReadiness = Callable[[], Awaitable[Readiness]]

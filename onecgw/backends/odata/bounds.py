"""What a single call to 1C must not exceed."""

import attrs

from onecgw.backends.odata.url import ODataQuery, Spelling


@attrs.frozen(kw_only=True)
class Bounds:
    """What a call to 1C must not exceed.

    url_bytes: of path and query under `/odata/standard.odata/`. rows: of one answer.
    buckets: days, weeks or months, each of which is a call.
    """

    url_bytes: int
    rows: int
    buckets: int
    spelling: Spelling = Spelling.PATH
    is_partial_allowed: bool = False

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What is added to every call for rows."""
        return (("allowedOnly", "true"),) if self.is_partial_allowed else ()

    def admits(self, query: ODataQuery) -> bool:
        """Whether the address of a call is short enough."""
        return len(query.encoded(self.spelling)) <= self.url_bytes

"""The settings of the OData backend, as `onec.odata` has them."""

from pathlib import Path
from typing import Literal

import attrs

from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.url import Spelling


@attrs.frozen(kw_only=True)
class ODataSettings:
    """What an administrator may change.

    profile: auto, one of the shipped names, or the path of a YAML file.
    currency: regl or upr: the accounting or the management currency, where a base keeps both.
    is_partial_allowed: `partial_data: allow`: figures may leave out what the user may not read.
    max_url_bytes: of the whole address after the host; a line of the web server's limit.
    base_path: of the publication, up to and with `/odata/standard.odata/`.
    max_rows: of one answer of 1C. max_buckets: days, weeks or months of one report.
    arguments: where the arguments of virtual tables stand in the address.
    concurrency: calls of one question at once. cache_folder: None keeps nothing on disk.
    """

    profile: str = "auto"
    currency: Literal["regl", "upr"] = "regl"
    is_partial_allowed: bool = False
    max_url_bytes: int = 1_900
    base_path: str = "/odata/standard.odata/"
    max_rows: int = 200_000
    max_buckets: int = 62
    catalogue_ttl_seconds: float = 600
    arguments: Spelling = Spelling.PATH
    concurrency: int = 4
    cache_folder: Path | None = None

    @property
    def bounds(self) -> Bounds:
        """What a single call must not exceed."""
        return Bounds(
            url_bytes=self.max_url_bytes - len(self.base_path.encode()),
            rows=self.max_rows,
            buckets=self.max_buckets,
            spelling=self.arguments,
            is_partial_allowed=self.is_partial_allowed,
        )

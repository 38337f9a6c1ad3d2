"""What is known of the base behind the backend: read once, kept for a day, read again if wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw.backends.odata.discovery import (
    Assessment,
    assess,
    fitting,
    needed_by,
    nothing_fits,
)
from onecgw.backends.odata.fetch import Fetcher
from onecgw.backends.odata.loading import Loading
from onecgw.backends.odata.metadata import (
    MetadataCache,
    MetadataReader,
    Types,
    read_service_document,
    types_of,
)
from onecgw.backends.odata.profile import Profile
from onecgw.backends.odata.url import ODataQuery
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import OnecNotPublished
from onecgw.settings import OnecSettings

SERVICE_DOCUMENT: Final = "?$format=application/json;odata=nometadata"
_METADATA: Final = "$metadata"
_KEPT_SECONDS: Final = 24 * 3600.0
# A base that lacks something is being set up: its list of objects is read again soon.
_INCOMPLETE_SECONDS: Final = 60.0


@attrs.frozen(kw_only=True, eq=False)
class Base:
    """A base that a profile fits.

    entity_sets: that it publishes. whole: the profile, and `profile` reduced to what the base has.
    """

    entity_sets: frozenset[str]
    types: Types
    whole: Profile
    assessment: Assessment
    loading: Loading

    @property
    def profile(self) -> Profile:
        """The profile, reduced to what the base has."""
        return self.assessment.profile


class BaseReader:
    """Reads the service document and `$metadata`, and keeps their content."""

    def __init__(
        self,
        fetcher: Fetcher,
        profiles: Sequence[Profile],
        onec: OnecSettings,
        *,
        cache_folder: Path | None,
    ) -> None:
        self._fetcher = fetcher
        self._profiles = profiles
        self._settings = onec.odata
        self._base_url = onec.base_url
        self._cache = MetadataCache(cache_folder) if cache_folder is not None else None
        self._lock = trio.Lock()
        self._known: Base | str | None = None
        self._until = self._outdated_at = 0.0
        self._is_stale = False

    def forget(self) -> None:
        """Read everything again before the next use: the composition has changed."""
        self._known = None
        self._is_stale = True

    async def base(self) -> Base:
        """What is known of the base.

        Raises:
            OnecNotPublished: no profile fits it; the message says what each needs.
            OnecError: it cannot be read.
        """
        found = await self._read_once()
        if isinstance(found, str):
            raise OnecNotPublished(found)
        return found

    async def capabilities(self) -> Capabilities:
        """What the base does not support; where no profile fits, every tool.

        Raises:
            OnecError: it cannot be read.
        """
        found = await self._read_once()
        return nothing_fits(found) if isinstance(found, str) else found.assessment.capabilities

    async def _read_once(self) -> Base | str:
        async with self._lock:
            if self._known is None or trio.current_time() >= self._until:
                self._known = await self._read()
                is_whole = isinstance(self._known, Base) and not self._known.assessment.missing
                kept = _KEPT_SECONDS if is_whole else _INCOMPLETE_SECONDS
                self._until = trio.current_time() + kept
            return self._known

    async def _read(self) -> Base | str:
        entity_sets = read_service_document(await self._fetcher.body(SERVICE_DOCUMENT))
        known, now = self._known, trio.current_time()
        if isinstance(known, Base) and known.entity_sets == entity_sets and now < self._outdated_at:
            return known
        self._outdated_at = now + _KEPT_SECONDS
        profile = await self._fitting(entity_sets)
        if profile is None:
            return needed_by(self._profiles, entity_sets)
        types = await self._types(profile, entity_sets)
        assessment = assess(profile, entity_sets, types)
        return Base(
            entity_sets=entity_sets,
            types=types,
            whole=profile,
            assessment=assessment,
            loading=Loading(
                self._fetcher,
                assessment.profile,
                types,
                ttl_seconds=self._settings.catalogue_ttl_sec,
            ),
        )

    async def _fitting(self, entity_sets: frozenset[str]) -> Profile | None:
        if self._settings.profile != "auto":
            # The administrator named it; what the base lacks is said in each refusal.
            return self._profiles[0]
        first = fitting(self._profiles, entity_sets)
        if first is None or not first.fits_accounts or first.accounts_set is None:
            return first
        # Profiles of accounting differ by the codes of accounts alone.
        rows = await self._fetcher.rows(
            ODataQuery(resource=first.accounts_set, options=(("$select", "Code"),))
        )
        return fitting(self._profiles, entity_sets, {str(row["Code"]).strip() for row in rows})

    async def _types(self, profile: Profile, entity_sets: frozenset[str]) -> Types:
        enumerations = [one.enumeration for one in profile.members.values()]
        wanted = types_of(profile.entity_sets())
        digest = MetadataCache.digest(self._base_url, entity_sets, [*wanted, *enumerations])
        was_read_before = self._until > 0.0 or self._is_stale
        cache = self._cache
        kept = None if was_read_before or cache is None else cache.load(digest)
        if kept is not None:
            return kept
        body = await self._fetcher.body(_METADATA)

        def read() -> Types:
            reader = MetadataReader(wanted, enumerations)
            reader.feed(body)
            types = reader.close()
            if cache is not None:
                cache.save(digest, types)
            return types

        return await trio.to_thread.run_sync(read)

"""Reading the settings again while the gateway serves."""

import logging
from collections.abc import Callable
from typing import Protocol

import attrs
import trio

from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.settings.changes import compare_settings

log = logging.getLogger(__name__)


class Reloadable(Protocol):
    """What serves: one process, or all workers."""

    @property
    def settings(self) -> Settings:
        """The settings in use."""

    async def exchange(self, settings: Settings) -> None:
        """Use other settings for new requests; running ones end with those that they began with.

        Raises:
            ConfigError: they cannot be used, and nothing has changed.
        """


@attrs.frozen(kw_only=True)
class ReloadReport:
    """What a reload did.

    error: why the settings of before are still in use; "" if they are not.
    applied: what has changed, as `key: before → after`; a secret is `***`.
    after_restart: what differs and needs a new start.
    """

    error: str = ""
    applied: tuple[str, ...] = ()
    after_restart: tuple[str, ...] = ()


class Reloader:
    """Reloads the settings, one reload at a time.

    Args:
        served: what uses the settings.
        read_settings: reads and checks them; raises ConfigError.
    """

    def __init__(self, served: Reloadable, read_settings: Callable[[], Settings]) -> None:
        self._served = served
        self._read_settings = read_settings
        self._turn = trio.Lock()

    async def reload(self) -> ReloadReport:
        """Use the settings as they are now, also the certificate; keep those in use on an error."""
        async with self._turn:
            try:
                changes = compare_settings(self._served.settings, self._read_settings())
                await self._served.exchange(changes.settings)
            except ConfigError as error:
                report = ReloadReport(error=str(error))
                log.error("reload.refused", extra={"fields": {"reason": report.error}})  # noqa: TRY400
                return report
            except Exception:  # a defect: the gateway serves on with the settings that it has
                log.exception("reload.failed")
                return ReloadReport(error="internal error; the log of the gateway has more")
        report = ReloadReport(applied=changes.applied, after_restart=changes.after_restart)
        log.info("reload.done", extra={"fields": {"changed": list(report.applied)}})
        if report.after_restart:
            fields = {"changed": list(report.after_restart)}
            log.warning("reload.needs_restart", extra={"fields": fields})
        return report

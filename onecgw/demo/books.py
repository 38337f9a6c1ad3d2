"""The books of the demo company on disk: built once, kept in a cache folder, read by many."""

import errno
import hashlib
import os
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, get_args

from onecgw import __version__
from onecgw.demo import simulation
from onecgw.demo.catalogue_search import DemoCatalogue, read_catalogue
from onecgw.demo.checksum import is_whole, stamp
from onecgw.demo.simulation.books_writer import write_books
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_entries import CatalogueName
from onecgw.demo.simulation.company import SizeName
from onecgw.errors import ConfigError

DEFAULT_SEED: Final = 1
_KEPT_FILES: Final = 6
_ROOM_MB: Final[Mapping[SizeName, int]] = {"small": 10, "default": 80, "large": 600}
# SQLite's error codes keep what is particular in their upper bytes.
_ERROR_KIND: Final = 0xFF
_ABANDONED_SECONDS: Final = 3_600


class Books(AbstractContextManager["Books"]):
    """The books, open for reading from any thread.

    today: the last day of the books.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Taking from a list and adding to it are atomic, so threads need no lock.
        self._idle: list[sqlite3.Connection] = []
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        with self.reading() as db:
            facts: dict[str, str] = dict(db.execute("SELECT name, value FROM facts"))
            self.catalogues: dict[CatalogueName, DemoCatalogue] = {
                name: read_catalogue(db, name) for name in get_args(CatalogueName)
            }
        self.size = facts["size"]
        self.seed = int(facts["seed"])
        self.today = date.fromisoformat(facts["today"])
        calendar = Calendar(today=self.today)
        self.first_day = calendar.first_day
        self.scenario_period = (calendar.scenario_from, calendar.scenario_to)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a read-only connection that no other thread uses at the same time."""
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._connect()
        try:
            yield db
        finally:
            self._idle.append(db)

    def close(self) -> None:
        """Close every connection; none may be in use."""
        while self._idle:
            self._idle.pop().close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro&immutable=1",
            uri=True,
            check_same_thread=False,
        )
        # The default of 2 MB is little for sorting the movements of two years.
        db.execute("PRAGMA cache_size = -16384")
        # In memory a report can be sorted even where no temporary file can be made.
        db.execute("PRAGMA temp_store = MEMORY")
        return db


def open_books(
    *,
    size: SizeName,
    seed: int = DEFAULT_SEED,
    today: date,
    cache_folder: Path | None,
    progress: Callable[[str], None],
) -> Books:
    """The books of a seed, a size and a last day; built unless the cache folder has them.

    Args:
        size: how much of everything there is.
        seed: the same seed gives the same company and the same documents.
        today: the last day with documents.
        cache_folder: where built books are kept; None builds them in a temporary folder that
            goes with the object, and so does a folder that cannot be used.
        progress: called with the name of each step while the books are built, and with the reason
            if they are not kept.

    Raises:
        ConfigError: no folder has the disk space for them.
    """
    build = partial(_build, size=size, seed=seed, today=today, progress=progress)
    if cache_folder is not None:
        name = f"books-{_version()}-{size}-{seed}-{today}.sqlite"
        try:
            return _open_kept(cache_folder / name, build)
        except OSError as error:
            progress(f"the books are not kept: {error}")
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="onecgw-demo-", ignore_cleanup_errors=True)
            )
            path = Path(folder) / "books.sqlite"
            build(path)
            books = Books(path)
        except OSError as error:
            raise ConfigError(f"the books of the demo cannot be written: {error}") from error
        weakref.finalize(books, stack.pop_all().close)
        return books


def _open_kept(path: Path, build: Callable[[Path], None]) -> Books:
    """The books of a file, which is built if it is not there or cannot be read.

    Raises:
        OSError: the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        try:
            if is_whole(path):
                return Books(path)
        except (sqlite3.DatabaseError, KeyError, ValueError):
            pass
        path.unlink(missing_ok=True)  # truncated, damaged or a foreign file: built again
    build(path)
    _forget_old_files(path.parent, path)
    return Books(path)


def _build(
    path: Path, *, size: SizeName, seed: int, today: date, progress: Callable[[str], None]
) -> None:
    """Write the file under a name of this process and rename it: readers see whole books only."""
    building = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.building")
    building.write_bytes(b"")  # says why it cannot be written, which SQLite does not
    try:
        progress(f"writing the books of two years, size {size}, up to {today}:")
        with closing(sqlite3.connect(building)) as db:
            # The file is worthless until it is whole, so nothing is journalled or synced.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            write_books(db, size=size, seed=seed, today=today, progress=progress)
        stamp(building)
        building.replace(path)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _ERROR_KIND not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        why = f"{error}; books of size {size} need about {_ROOM_MB[size]} MB"
        raise OSError(errno.ENOSPC, why, str(path.parent)) from error
    finally:
        building.unlink(missing_ok=True)


def _version() -> str:
    """The product's version and a digest of the code that writes the books."""
    digest = hashlib.sha256()
    for source in sorted(Path(str(simulation.__file__)).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return f"{__version__}-{digest.hexdigest()[:12]}"


def _forget_old_files(folder: Path, new: Path) -> None:
    """A new file is built every day: keep only the newest few, and nothing of killed builds."""
    long_ago = time.time() - _ABANDONED_SECONDS
    abandoned = [file for file in folder.glob("books-*.building") if _changed(file) < long_ago]
    files = [file for file in folder.glob("books-*.sqlite") if file != new]
    files.sort(key=_changed, reverse=True)
    for file in (*abandoned, *files[_KEPT_FILES - 1 :]):
        try:
            file.unlink(missing_ok=True)
        except OSError:
            return  # another process reads it, on a system that forbids to delete it then


def _changed(file: Path) -> float:
    """When a file was last written; now, where another process has just removed it."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return time.time()

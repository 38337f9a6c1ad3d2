"""The books of the demo company on disk: built once, kept in a cache folder, read by many."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from onecgw import __version__
from onecgw.demo import ledger
from onecgw.demo.catalogue import Catalogue, read_catalogue
from onecgw.demo.ledger.catalogues import CatalogueName
from onecgw.demo.ledger.company import SizeName
from onecgw.demo.ledger.schema import catalogue_columns
from onecgw.demo.ledger.simulate import write_books

DEFAULT_SEED: Final = 1
_KEPT_FILES: Final = 6
_PAGE_CACHE_KIB: Final = 16_384


class Books:
    """The books, open for reading from any thread.

    today: the last day of the books.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        with self.reading() as db:
            facts: dict[str, str] = dict(db.execute("SELECT name, value FROM facts"))
            self.catalogues: dict[CatalogueName, Catalogue] = {
                name: read_catalogue(db, name) for name in catalogue_columns()
            }
        self.size = facts["size"]
        self.seed = int(facts["seed"])
        self.today = date.fromisoformat(facts["today"])
        self.first_day = date.fromisoformat(facts["first_day"])
        self.story_period = (
            date.fromisoformat(facts["story_from"]),
            date.fromisoformat(facts["story_to"]),
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection that nobody else uses meanwhile."""
        with self._lock:
            db = self._idle.pop() if self._idle else None
        if db is None:
            db = self._connect()
        try:
            yield db
        finally:
            with self._lock:
                self._idle.append(db)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            while self._all:
                self._all.pop().close()
            self._idle.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro&immutable=1",
            uri=True,
            check_same_thread=False,
        )
        db.execute(f"PRAGMA cache_size = -{_PAGE_CACHE_KIB}")
        db.execute("PRAGMA temp_store = MEMORY")
        with self._lock:
            self._all.append(db)
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
            goes with the object.
        progress: told the name of each step while the books are built.
    """
    if cache_folder is None:
        folder = Path(tempfile.mkdtemp(prefix="onecgw-demo-"))
        path = folder / "books.sqlite"
        _build(path, size=size, seed=seed, today=today, progress=progress)
        books = Books(path)
        weakref.finalize(books, shutil.rmtree, folder, ignore_errors=True)
        return books
    cache_folder.mkdir(parents=True, exist_ok=True)
    path = cache_folder / f"books-{_version()}-{size}-{seed}-{today}.sqlite"
    if not path.exists():
        _build(path, size=size, seed=seed, today=today, progress=progress)
        _forget_old_files(cache_folder, path)
    return Books(path)


def _build(
    path: Path, *, size: SizeName, seed: int, today: date, progress: Callable[[str], None]
) -> None:
    """Write the file under a name of this process and rename it: readers see whole books only."""
    building = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.building")
    building.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(building)) as db:
            # The file is worthless until it is whole, so nothing is journalled or synced.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            write_books(db, size=size, seed=seed, today=today, progress=progress)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _version() -> str:
    """The product's version and a digest of the code that writes the books."""
    digest = hashlib.sha256()
    for source in sorted(Path(str(ledger.__file__)).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return f"{__version__}-{digest.hexdigest()[:12]}"


def _forget_old_files(folder: Path, new: Path) -> None:
    """A new file is built every day: keep only the newest few."""
    files = [file for file in folder.glob("books-*.sqlite") if file != new]
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_KEPT_FILES - 1 :]:
        try:
            file.unlink(missing_ok=True)
        except OSError:
            return  # another process reads it, on a system that forbids to delete it then

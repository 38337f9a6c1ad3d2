"""`onecgw restore`: put the database and its secrets of a backup into their place."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from onecgw.cli.archive import DATABASE, SECRETS, read_archive
from onecgw.cli.database import administration_settings
from onecgw.cli.language import say
from onecgw.cli.options import config_option, examples
from onecgw.errors import ConfigError
from onecgw.oauth.secrets import read_secrets
from onecgw.storage.database import is_database_open, verify_database
from onecgw.storage.private_file import FOLDER_OWNER_ONLY, write_private_file


@click.command(
    epilog=examples(
        "onecgw restore onecgw-monday.tar", "onecgw restore onecgw-monday.tar --replace"
    )
)
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Move a database that exists aside.")
def restore(config: Path | None, file: Path, *, replace: bool) -> None:
    """Put the database and the secrets in FILE where the settings say.

    The gateway must not run. FILE is verified before anything is changed; one of a newer version
    is refused.
    """
    settings = administration_settings(config)
    places = {DATABASE: settings.database.path, SECRETS: settings.secrets_path}
    try:
        members = read_archive(file)
        places[DATABASE].parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
        with TemporaryDirectory(dir=places[DATABASE].parent, prefix=".onecgw-restore-") as folder:
            unpacked = {name: Path(folder) / name for name in members}
            for name, path in unpacked.items():
                write_private_file(path, members[name])
            verify_database(unpacked[DATABASE])
            if SECRETS in unpacked:
                read_secrets(unpacked[SECRETS])
            for kept in _move_aside(places, replace=replace):
                say("Kept {path}", path=kept)
            for name in members:
                write_private_file(places[name], unpacked[name].read_bytes())
    except OSError as error:
        raise click.ClickException(f"{error.filename or file}: {error.strerror}") from error
    say(
        "Restored {database} from {file}. Start the gateway now.",
        database=places[DATABASE],
        file=file.absolute(),
    )


def _move_aside(places: dict[str, Path], *, replace: bool) -> list[Path]:
    """Rename what stands in the places; return the new names.

    Raises:
        ConfigError: a gateway runs on the database, or something is there and may not be replaced.
    """
    database = places[DATABASE]
    existing = [path for path in places.values() if path.exists()]
    if existing and not replace:
        named = " and ".join(map(str, existing))
        raise ConfigError(f"{named} exists; --replace moves it aside, and nothing was changed")
    if database.exists() and is_database_open(database):
        raise ConfigError(f"a gateway runs on {database}; stop it first. Nothing was changed")
    suffix = datetime.now(UTC).strftime(".replaced-%Y%m%dT%H%M%SZ")
    # SQLite's own files belong to the old database; beside the new one they would damage it.
    beside = [database.with_name(database.name + end) for end in ("-wal", "-shm")]
    moved = []
    for path in (*existing, *(path for path in beside if path.exists())):
        target = path.with_name(path.name + suffix)
        path.rename(target)
        moved.append(target)
    return moved

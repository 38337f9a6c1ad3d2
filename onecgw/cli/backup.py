"""`onecgw backup`: the database and its secrets in one file, while the gateway runs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from onecgw.cli.archive import DATABASE, SECRETS, write_archive
from onecgw.cli.database import administration_settings
from onecgw.cli.language import say
from onecgw.cli.options import config_option, examples
from onecgw.errors import ConfigError
from onecgw.storage.database import copy_database


@click.command(epilog=examples("onecgw backup onecgw-monday.tar"))
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(config: Path | None, file: Path) -> None:
    """Write the database and its secrets to FILE; the gateway may run meanwhile.

    FILE is verified after it is written. Whoever has it can read every login: keep it as you keep
    the password of 1C.
    """
    settings = administration_settings(config)
    source, secrets_path = settings.database.path, settings.secrets_path
    if not source.is_file():
        raise ConfigError(f"database.path: there is no {source}, so there is nothing to back up")
    if not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.absolute().parent}", param_hint="FILE")
    try:
        with TemporaryDirectory(dir=file.absolute().parent, prefix=".onecgw-backup-") as folder:
            copy = Path(folder) / DATABASE
            copy_database(source, copy)
            members = {DATABASE: copy.read_bytes()}
            # The secrets never change once they exist, so any moment is the database's own.
            if secrets_path.is_file():
                members[SECRETS] = secrets_path.read_bytes()
            write_archive(file, members)
    except OSError as error:
        raise click.ClickException(f"{error.filename or file}: {error.strerror}") from error
    size_bytes = file.stat().st_size
    say(
        "Backed up {source} to {file}, {size} bytes.",
        source=source,
        file=file.absolute(),
        size=size_bytes,
    )
    if SECRETS not in members:
        say("There are no secrets ({path}): no logins.", path=secrets_path)

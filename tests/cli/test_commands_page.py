"""docs/reference/commands.md against the commands themselves."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from onecgw.cli import COMMANDS
from onecgw.cli.options import EXIT_CONFIG, EXIT_FAILED, EXIT_REFUSED
from onecgw.settings.load import declared_settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "commands.md").read_text("utf-8")


def test_the_page_names_every_command_and_exit_code() -> None:
    named = set(re.findall(r"`(?:onecgw )?(\w+)", PAGE.split("## Exit codes")[0]))
    codes = {int(code) for code in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)}

    assert set(COMMANDS) <= named
    assert codes == {0, EXIT_FAILED, EXIT_CONFIG, EXIT_REFUSED}


def test_the_page_names_every_secret_that_may_stand_in_a_file() -> None:
    in_page = set(re.findall(r"`([\w.]+)_file`", PAGE))
    secrets = {key for key, declared in declared_settings().items() if declared.is_secret}

    assert in_page - {"onec.ca"} == secrets


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_line_of_completion_prints_a_script_for_its_shell(shell: str) -> None:
    assert f"_ONECGW_COMPLETE={shell}_source onecgw" in PAGE
    program = Path(sys.executable).with_name("onecgw")
    if not program.exists():
        pytest.skip("onecgw is not installed beside this Python")
    done = subprocess.run(  # noqa: S603 - our own program
        [program],
        env={**os.environ, "_ONECGW_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "_ONECGW_COMPLETE" in done.stdout

from pathlib import Path

import pytest

from onecgw.errors import ConfigError
from onecgw.settings.load import find_config, load_settings

HINT = "; `onecgw init` writes one, --config names another"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with every file that may hold the settings."""
    (tmp_path / "config").mkdir()
    for name in ("config/config.yml", "config/config.local.yml", "option.yml", "variable.yml"):
        (tmp_path / name).touch()
    return tmp_path


def test_the_option_comes_before_the_variable_the_local_and_the_shipped_file(
    folder: Path,
) -> None:
    variable = {"CONFIG_PATH": "variable.yml"}
    assert find_config(Path("option.yml"), variable, folder) == folder / "option.yml"
    assert find_config(None, variable, folder) == folder / "variable.yml"
    assert find_config(None, {"CONFIG_PATH": ""}, folder) == folder / "config/config.local.yml"
    (folder / "config/config.local.yml").unlink()
    assert find_config(None, {}, folder) == folder / "config/config.yml"


def test_an_absolute_path_does_not_start_from_the_working_directory(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "settings.yml"
    file.touch()
    assert find_config(file, {}, folder) == file


@pytest.mark.parametrize("name", ["missing.yml", "config", "x" * 5000])
def test_a_file_that_is_named_and_missing_is_not_replaced_by_another(
    folder: Path, name: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None, {"CONFIG_PATH": name}, folder)
    assert str(caught.value) == f"no settings file: looked for {folder / name}"


def test_what_was_looked_for_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None, {}, tmp_path)
    local, shipped = tmp_path / "config/config.local.yml", tmp_path / "config/config.yml"
    assert str(caught.value) == f"no settings file: looked for {local} and {shipped}{HINT}"


def test_the_environment_alone_is_enough(tmp_path: Path) -> None:
    environment = {
        "ONECGW_ONEC__BASE_URL": "http://1c.test/hs",
        "ONECGW_ONEC__AUTH__USERNAME": "gateway",
        "ONECGW_OAUTH__ENABLED": "false",
        "ONECGW_MCP__BEARER_TOKEN": "abcdefghijklmnop",
    }

    path = find_config(None, environment, tmp_path)
    settings = load_settings(path, environment)

    assert path is None
    assert settings.onec.base_url == "http://1c.test/hs"
    with pytest.raises(ConfigError, match=r"environment onec\.auth\.username: missing"):
        load_settings(None, {"ONECGW_ONEC__BASE_URL": "http://1c.test/hs"})

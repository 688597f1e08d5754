"""The service files, read by systemd itself if it is there; installed with a `systemctl` that notes its calls."""

import os
import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.service import UNIT, launchd_plist, systemd_unit

ODD = ["--name", 'My "50%" $HOME; \\n', "--capture-folder", "a b"]
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in *"$FAILS"*) echo "Failed to connect to bus." >&2; exit 1;; esac
"""


class Home:
    """A user's home with a service manager of its own."""

    def __init__(self, folder: Path) -> None:
        self.unit = folder / "config" / "systemd" / "user" / UNIT
        self.calls_file = folder / "calls"

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    found = Home(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CALLS", str(found.calls_file))
    monkeypatch.setenv("FAILS", "nothing fails")
    return found


def service(*words: str) -> Result:
    return CliRunner().invoke(main, ["service", *words])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit_whatever_is_in_its_options(tmp_path: Path) -> None:
    unit = tmp_path / UNIT
    unit.write_text(systemd_unit(ODD))
    command = ["systemd-analyze", "verify", "--user", str(unit)]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_words_of_the_unit_are_quoted_as_systemd_reads_them() -> None:
    line = next(line for line in systemd_unit(ODD).splitlines() if line.startswith("ExecStart="))
    assert line.endswith('run --headless --name "My \\"50%%\\" $$HOME; \\\\n" --capture-folder "a b"')


def test_the_plist_has_the_options_as_they_are() -> None:
    plist = plistlib.loads(launchd_plist(ODD))
    assert plist["ProgramArguments"][-4:] == ODD
    assert plist["KeepAlive"] == {"SuccessfulExit": False}


def test_what_the_service_starts_is_the_daemon(tmp_path: Path) -> None:
    arguments = plistlib.loads(launchd_plist(["--help"]))["ProgramArguments"]
    said = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Start the daemon" in said


def test_it_is_installed_shown_and_removed(home: Home) -> None:
    done = service("install", "--preset", "satb")
    assert done.exit_code == 0, done.output
    assert home.unit.read_text() == service("show", "--for", "systemd", "--preset", "satb").output
    assert shlex.split(home.unit.read_text().partition("ExecStart=")[2].splitlines()[0])[-2:] == ["--preset", "satb"]
    assert home.calls() == [f"--user {call}" for call in ("daemon-reload", f"enable {UNIT}", f"restart {UNIT}")]
    assert service("uninstall").exit_code == 0
    assert not home.unit.exists()
    assert home.calls()[3:] == [f"--user disable --now {UNIT}", "--user daemon-reload"]
    again = service("uninstall")
    assert again.exit_code == 2
    assert "there is no service to remove" in again.output


def test_a_manager_that_fails_leaves_what_was_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "restart")
    done = service("install")
    assert done.exit_code == 2
    assert "Failed to connect to bus" in done.output
    assert not home.unit.exists()
    home.unit.write_text("what was there")
    assert service("install").exit_code == 2
    assert home.unit.read_text() == "what was there"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--preset", "satbb"], "Did you mean 'satb'?"),
        (["--presets", "satb"], "No such option"),
        (["--osc-port", "many"], "not a valid integer"),
        (["--osc-host", "0.0.0.0"], "--osc-allow"),  # noqa: S104 - it is refused
        (["--melody", "song.mid"], "no use for --melody"),
    ],
)
def test_what_could_not_start_is_not_installed(home: Home, options: list[str], sentence: str) -> None:
    done = service("install", *options)
    assert done.exit_code == 2
    assert sentence in done.output
    assert not home.unit.exists()
    assert home.calls() == []

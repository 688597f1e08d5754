"""Continuo as a service of the user: started at login, and again when it dies; by systemd or by launchd."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from music import files
from music.errors import ContinuoError, FileError

LABEL = "org.continuo.daemon"
UNIT = "continuo.service"
PATIENCE_S = 20
"""For the service manager: ending a daemon takes a second."""
RESTART_S = 2


@dataclass(frozen=True, slots=True)
class Manager:
    """Who starts services here, and what it is told."""

    name: str
    path: Path
    begin: tuple[tuple[str, ...], ...]
    """Commands after the file is written."""
    end: tuple[tuple[str, ...], ...]
    """Before it is removed: what does not run cannot be ended, which is no fault."""
    after: tuple[tuple[str, ...], ...] = ()
    """When it is removed."""
    log: str = ""

    def text(self, options: Sequence[str]) -> bytes:
        """The file, for a daemon with these options of `continuo run`."""
        return launchd_plist(options) if self.name == "launchd" else systemd_unit(options).encode()


def manager(name: str = "") -> Manager:
    """The one of this system, or the one named; ContinuoError where there is none."""
    name = name or {"linux": "systemd", "darwin": "launchd"}.get(sys.platform, "")
    if name == "systemd":
        told = ("systemctl", "--user")
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        reload = ((*told, "daemon-reload"),)
        return Manager(
            name,
            config / "systemd" / "user" / UNIT,
            (*reload, (*told, "enable", UNIT), (*told, "restart", UNIT)),
            ((*told, "disable", "--now", UNIT),),
            reload,
            f"journalctl --user -u {UNIT}",
        )
    if name == "launchd":
        path = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"
        leave = (("launchctl", "bootout", f"{domain}/{LABEL}"),)
        return Manager(name, path, (("launchctl", "bootstrap", domain, str(path)),), leave, (), str(_log()))
    raise ContinuoError(
        f"no service manager of {sys.platform} is known here",
        "Put `continuo run --headless` among what starts at login",
    )


def install(found: Manager, options: Sequence[str]) -> None:
    """Write the file and have the manager start it; ContinuoError where it does not, the file as it was before then."""
    before = files.read(found.path) if found.path.exists() else None
    for command in found.end if before is not None and found.name == "launchd" else ():
        _tell(command)  # launchd does not look at a file again otherwise
    files.write(found.path, found.text(options))
    for command in found.begin:
        if fault := _tell(command):
            _restore(found, before)
            hint = "Log in as yourself, not by su or sudo; or start `continuo run --headless` by other means"
            raise ContinuoError(f"{' '.join(command)} failed ({fault})", hint)


def _restore(found: Manager, before: bytes | None) -> None:
    """Leave what was there."""
    if before is None:
        uninstall(found)
    else:
        files.write(found.path, before)


def uninstall(found: Manager) -> None:
    """End it and remove the file; ContinuoError where there is none."""
    if not found.path.exists():
        raise ContinuoError(f"{found.path}: there is no service to remove", "continuo service install makes one")
    for command in found.end:
        _tell(command)
    try:
        found.path.unlink()
    except OSError as error:
        raise FileError(f"{found.path}: cannot be removed ({error.strerror})", "Check its rights") from error
    for command in found.after:
        _tell(command)


def systemd_unit(options: Sequence[str]) -> str:
    """The unit file. The main process ends its children itself, every note before them: it alone gets the signal."""
    command = " ".join(_quoted(word) for word in _command(options))
    return f"""[Unit]
Description=Continuo, a second musician in your DAW
After=pipewire.service jack.service

[Service]
ExecStart={command}
Restart=on-failure
RestartSec={RESTART_S}
RestartPreventExitStatus=2
KillMode=mixed
TimeoutStopSec=10

[Install]
WantedBy=default.target
"""


def launchd_plist(options: Sequence[str]) -> bytes:
    """The property list."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": _command(options),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ProcessType": "Interactive",
            "StandardErrorPath": str(_log()),
        },
        sort_keys=False,
    )


def _log() -> Path:
    return Path.home() / "Library" / "Logs" / "continuo.log"


def _command(options: Sequence[str]) -> list[str]:
    """By the interpreter that runs now: services have no PATH of yours."""
    return [sys.executable, "-P", "-m", "bridge.cli", "run", "--headless", *options]


def _quoted(word: str) -> str:
    """A word of ExecStart (systemd.service(5), command lines; systemd.syntax(7), quoting)."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or any(one.isspace() or one in "';#" for one in word) else word


def _tell(command: Sequence[str]) -> str:
    """Run a command of the manager; gives what was wrong."""
    if not shutil.which(command[0]):
        return f"there is no {command[0]}"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return f"nothing in {PATIENCE_S} s"
    said = done.stderr.strip().splitlines()
    return (said[0].rstrip(".") if said else f"exit code {done.returncode}") if done.returncode else ""

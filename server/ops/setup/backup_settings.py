"""Where backups go, and the state they are in: small files in var/ that every process can read.

`var/backup/` belongs to whoever runs `./ruhu` and holds the settings and the key of the backups;
`var/backup-status.json` holds times and counts only, for the health page.
"""

from __future__ import annotations

import configparser
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places

S3 = "s3://"


@dataclass(frozen=True)
class Target:
    """Where backups are written to, and how often."""

    place: str  # a folder, or s3://bucket/prefix
    each: int = 60
    """Seconds between two points to which a restore can go back: so much is lost at most."""
    keep: int = 4
    """Weekly full backups that are kept, with everything since the oldest."""
    verify_days: int = 7
    """Days after which a backup is restored on trial; 0 never does."""
    endpoint: str = ""  # of S3: the host, without https://
    region: str = "us-east-1"
    access_key: str = ""
    access_secret: str = field(default="", repr=False)
    verify_tls: bool = True  # false for an endpoint with a certificate of the office's own

    @property
    def is_s3(self) -> bool:
        return self.place.startswith(S3)

    @property
    def bucket(self) -> str:
        return self.place.removeprefix(S3).partition("/")[0]

    @property
    def prefix(self) -> str:
        """The path in the bucket, without slashes at its ends."""
        return self.place.removeprefix(S3).partition("/")[2].strip("/")

    @property
    def folder(self) -> Path:
        return Path(self.place)


@dataclass
class Status:
    """When what was last done; times are ISO 8601 in UTC, "" is never."""

    place: str = ""
    each: int = 0
    point: str = ""  # the name of the newest point that a restore can go back to
    point_at: str = ""
    point_took: float = 0.0  # seconds, until the point could be restored
    base_at: str = ""
    full_at: str = ""
    swept_at: str = ""
    verified_at: str = ""
    verified: dict[str, int] = field(default_factory=dict)
    error: str = ""
    error_at: str = ""

    def failed(self, error: str) -> None:
        """Note an error, which stands until something succeeds."""
        self.error, self.error_at = error, now()


def now() -> str:
    """The time, as a status holds it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def age(moment: str) -> float:
    """Seconds since a time of a status; infinity for never."""
    if not moment:
        return float("inf")
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()


def target_of(places: Places) -> Target | None:
    """The configured target; None when there are no backups."""
    try:
        stored = json.loads(_settings_file(places).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except PermissionError:  # another account's installation: it does not start the cluster either
        return None
    known = {item.name for item in fields(Target)}
    return Target(**{name: value for name, value in stored.items() if name in known})


def keep_target(places: Places, target: Target | None) -> None:
    """Store the target, or with None end the backups."""
    if target is None:
        _settings_file(places).unlink(missing_ok=True)
        places.backup_status.unlink(missing_ok=True)
        return
    write_private(_settings_file(places), json.dumps(asdict(target), indent=1))


def status_of(places: Places) -> Status:
    """The state of the backups."""
    try:
        stored = json.loads(places.backup_status.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Status()
    known = {item.name for item in fields(Status)}
    return Status(**{name: value for name, value in stored.items() if name in known})


def keep_status(places: Places, status: Status) -> None:
    """Store the state, for everybody on this machine to read."""
    draft = places.backup_status.with_suffix(".new")
    draft.write_text(json.dumps(asdict(status), ensure_ascii=False), encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(places.backup_status)


def passphrase(places: Places, *, make: bool = False) -> str:
    """What backups are encrypted with. Raises SetupProblem when it is missing."""
    path = key_file(places)
    if make and not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        raise SetupProblem("backup_key_lost", path=path) from None


def key_file(places: Places) -> Path:
    """The file of the passphrase."""
    return places.backup / "backup.key"


def _settings_file(places: Places) -> Path:
    return places.backup / "settings.json"


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


# --- the file to keep elsewhere ---------------------------------------------

_SECTION = "ruhu"


def recovery_text(target: Target, backup: str, sealing: list[str]) -> str:
    """The file that restores need beside the backup: its place, its passphrase, and the sealing keys."""
    parser = configparser.ConfigParser(interpolation=None)
    parser[_SECTION] = {
        "written": now(),
        "backup": backup,
        "sealing": " ".join(sealing),
        **{name: str(value) for name, value in asdict(target).items()},
    }
    lines = [
        "# Whoever has this file and a backup reads everything. Keep it away from both: printed, or on a medium of its own.",
        "# 谁同时拥有此文件和备份，谁就能读取全部数据。请与两者分开保管：打印出来，或存放在单独的介质上。",
    ]
    body = "\n".join(f"{name} = {value}" for name, value in parser[_SECTION].items())
    return "\n".join([*lines, f"[{_SECTION}]", body, ""])


@dataclass(frozen=True)
class Recovery:
    """What a recovery file holds."""

    target: Target
    backup: str
    sealing: list[str]


def recovery_of(path: Path) -> Recovery:
    """Read a recovery file. Raises SetupProblem when it is not one."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        stored: Mapping[str, str] = parser[_SECTION]
        values: dict[str, Any] = {}
        for item in fields(Target):
            if item.name in stored:
                values[item.name] = _typed(item.type, stored[item.name])
        return Recovery(Target(**values), stored["backup"], stored["sealing"].split())
    except OSError as error:
        raise SetupProblem("no_recovery_file", path=path, reason=error.strerror) from None
    except (configparser.Error, KeyError, TypeError, ValueError) as error:
        raise SetupProblem("no_recovery_file", path=path, reason=type(error).__name__) from None


def _typed(kind: object, text: str) -> object:
    if kind == "int":
        return int(text)
    return text == "True" if kind == "bool" else text

"""System packages: which are missing, and how to install them with apt."""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.ops.setup import shell
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places

OLDEST_POSTGRESQL = 15
_BINARIES = "/usr/lib/postgresql"
_EXTENSIONS = "/usr/share/postgresql"
_CREATECLUSTER = Path("/etc/postgresql-common/createcluster.d/ruhu.conf")


@dataclass(frozen=True)
class Package:
    """A Debian package; `present` says whether the machine has what it provides, from any source."""

    name: str
    present: Callable[[], bool]
    optional: bool = False


def on_path(*programs: str) -> Callable[[], bool]:
    """A check that one of the programs is on PATH."""
    return lambda: any(shutil.which(program) for program in programs)


def _exists(pattern: str) -> Callable[[], bool]:
    return lambda: bool(glob.glob(pattern, recursive=True))


def _library(name: str) -> Callable[[], bool]:
    return lambda: bool(
        glob.glob(f"/usr/lib/*/{name}.so*")
        or glob.glob(f"/usr/lib*/{name}.so*")
        or glob.glob(f"/usr/local/lib/{name}.so*")
    )


SERVING = (
    Package("python3-venv", lambda: bool(importlib.util.find_spec("ensurepip"))),
    Package("ca-certificates", _exists("/etc/ssl/certs/*")),
    Package("gdal-bin", _library("libgdal")),
    Package("gettext", on_path("msgfmt")),
    Package("binutils", on_path("objdump")),
    Package("libpango-1.0-0", _library("libpango-1.0")),  # reports as PDF
    Package("libpangoft2-1.0-0", _library("libpangoft2-1.0")),
    Package("fonts-noto-cjk", _exists("/usr/share/fonts/**/*CJK*")),
    Package(
        "openjdk-17-jre-headless", on_path(os.environ.get("RUHU_JAVA") or "java"), optional=True
    ),
)
BACKUPS = (
    Package("pgbackrest", on_path("pgbackrest")),
    Package("rclone", on_path("rclone")),
)
TESTING = (
    *BACKUPS,
    Package("chromium", on_path("chromium", "chromium-browser")),
    Package("chromium-driver", on_path("chromedriver")),
    Package("openjdk-17-jdk-headless", on_path("javac")),
)


def postgresql_here() -> dict[int, Path]:
    """Major version → folder of its programs, for every PostgreSQL installed with PostGIS 3."""
    folders = {}
    for initdb in glob.glob(f"{_BINARIES}/*/bin/initdb"):
        folder = Path(initdb).parent
        version = folder.parent.name
        if version.isdigit() and Path(_EXTENSIONS, version, "extension/postgis.control").exists():
            folders[int(version)] = folder
    return folders


def newest_offered(names: str) -> int | None:
    """The newest PostgreSQL, 15 or later, in `apt-cache search`'s list of PostGIS packages; else None."""
    versions = [int(v) for v in re.findall(r"^postgresql-(\d+)-postgis-3\b", names, re.MULTILINE)]
    return max((v for v in versions if v >= OLDEST_POSTGRESQL), default=None)


def _have_postgresql(version: int | None) -> bool:
    installed = postgresql_here()
    if version:
        return version in installed
    return any(number >= OLDEST_POSTGRESQL for number in installed)


def missing(*, database: bool, testing: bool, version: int | None = None) -> list[Package]:
    """The packages to install. `database` adds PostgreSQL, of `version` when the cluster exists already."""
    wanted = [*SERVING, *(TESTING if testing else ())]
    lacking = [package for package in wanted if not package.present()]
    if database and not _have_postgresql(version):
        lacking.append(Package("postgresql", lambda: _have_postgresql(version)))
    return lacking


def install(places: Places, packages: list[Package], version: int | None = None) -> str:
    """Install packages with apt; returns a note for the terminal. Raises SetupProblem with the remedy.

    An optional package that cannot be installed is only noted.
    """
    names = [package.name for package in packages if not package.optional]
    optional = [package for package in packages if package.optional]
    listing = " ".join(
        f"postgresql-{version or OLDEST_POSTGRESQL} postgresql-{version or OLDEST_POSTGRESQL}-postgis-3"
        if name == "postgresql"
        else name
        for name in names
    )
    apt = apt_get(listing or optional[0].name, required=bool(names))
    if apt is None:
        return text("no_java")
    updated = _call(places, [*apt, "update", "-qq"])
    if "postgresql" in names:
        chosen = version or newest_offered(_search())
        if chosen is None:
            raise SetupProblem(
                "no_postgresql" if updated else "apt_failed", names=listing, log=places.log
            )
        names.remove("postgresql")
        names += [f"postgresql-{chosen}", f"postgresql-{chosen}-postgis-3"]
        _no_default_cluster(places, apt)
    if names:
        print(f"        {text('installing', names=' '.join(names))}", file=sys.stderr, flush=True)
        shell.need_space(Path("/usr"), 500)
        if not _call(places, [*apt, "install", *names]):
            raise SetupProblem("apt_failed", names=" ".join(names), log=places.log)
    has_optional = all(_call(places, [*apt, "install", package.name]) for package in optional)
    return "" if has_optional else text("no_java")


def apt_get(names: str, *, required: bool) -> list[str] | None:
    """The words that call apt-get from this account, with sudo if need be.

    None when that is impossible and nothing `required` is missing, else raises SetupProblem.
    """
    problem = None
    prefix: list[str] = []
    if not shutil.which("apt-get"):
        problem = "no_apt"
    elif os.geteuid() != 0:
        if not shutil.which("sudo"):
            problem = "no_sudo"
        elif subprocess.run(["sudo", "-v"], check=False).returncode:
            problem = "sudo_refused"
        prefix = ["sudo"]
    if problem and required:
        raise SetupProblem(problem, names=names)
    if problem:
        return None
    return [
        *prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "--no-install-recommends",
        "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold",
    ]  # fmt: skip


def _call(places: Places, command: list[str]) -> bool:
    """Run apt-get once, its output to the log; returns whether it succeeded. Raises when the disk is full."""
    try:
        shell.run(places, "step_packages", command)
    except SetupProblem as problem:
        if problem.key == "disk_full":
            raise
        return False
    return True


def _search() -> str:
    answer = subprocess.run(
        ["apt-cache", "search", "--names-only", "^postgresql-[0-9]+-postgis-3$"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout


def _no_default_cluster(places: Places, apt: list[str]) -> None:
    """Keep Debian from creating and starting its "main" cluster.

    Only where postgresql-common is new to the machine; an administrator's own choice stays.
    """
    if _CREATECLUSTER.parent.parent.exists():
        return
    sudo = apt[:1] if apt[0] == "sudo" else []
    script = (
        f"mkdir -p {_CREATECLUSTER.parent} && echo 'create_main_cluster = false' > {_CREATECLUSTER}"
    )
    _call(places, [*sudo, "sh", "-c", script])

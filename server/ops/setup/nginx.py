"""nginx for the test of api_docs/nginx.conf: unpacked below var/, never installed.

Debian's package, when installed, would listen on port 80 at once and at every boot.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from server.ops.setup import packages, shell
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.progress import Step

_NAME = "nginx"


def program(places: Places) -> Path | None:
    """The machine's own nginx, else the unpacked program; None when there is neither."""
    installed = shutil.which(_NAME) or shutil.which(_NAME, path="/usr/sbin:/usr/local/sbin")
    unpacked = _folder(places) / "usr/sbin/nginx"
    if installed:
        return Path(installed)
    return unpacked if unpacked.exists() else None


def step(places: Places) -> Step:
    """Fetch the package and unpack it; update apt's lists first when they are missing or too old."""

    def act() -> str:
        folder = _folder(places)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            _fetch(places, folder)
        except (SetupProblem, OSError):
            apt = packages.apt_get(_NAME, required=True) or []
            shell.run(places, "step_nginx", [*apt, "update", "-qq"])
            _fetch(places, folder)
        return ""

    return Step("step_nginx", lambda: program(places) is not None, act)


def _fetch(places: Places, folder: Path) -> None:
    shell.run(places, "step_nginx", ["apt-get", "-q", "download", _NAME], folder=folder)
    (package,) = folder.glob("nginx_*.deb")
    shell.run(places, "step_nginx", ["dpkg-deb", "--extract", package, folder])


def _folder(places: Places) -> Path:
    return places.var / _NAME

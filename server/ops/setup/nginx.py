"""nginx for the test of api_docs/nginx.conf: unpacked below var/, never installed.

An installed one would listen on port 80 at once, and again whenever the machine starts.
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
    """The machine's own nginx, else the unpacked one."""
    installed = shutil.which(_NAME) or shutil.which(_NAME, path="/usr/sbin:/usr/local/sbin")
    unpacked = _folder(places) / "usr/sbin/nginx"
    if installed:
        return Path(installed)
    return unpacked if unpacked.exists() else None


def step(places: Places) -> Step:
    """The package is fetched, with newer lists when the ones here are none or too old, and unpacked."""

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

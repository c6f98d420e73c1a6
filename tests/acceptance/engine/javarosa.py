"""ODK Collect's engine: FormEngine.java over the JavaRosa inside pyxform's ODK Validate jar."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from tests.acceptance.engine.process import TIME_ZONE, Engine
from tests.acceptance.engine.walk import EngineError

SOURCE = Path(__file__).with_name("FormEngine.java")
CLASSES = Path(__file__).parents[3] / "var" / "engine"
OPTIONS = (
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    f"-Duser.timezone={TIME_ZONE}",
    "-Dfile.encoding=UTF-8",
)


def java_rosa() -> AbstractContextManager[Engine]:
    """The running engine."""
    return Engine.running(["java", *OPTIONS, "-cp", f"{_jar()}:{_compiled()}", "FormEngine"])


def _jar() -> Path:
    spec = importlib.util.find_spec("pyxform")
    if spec is None or spec.origin is None:
        raise EngineError("pyxform is not installed")
    return Path(spec.origin).parent / "validators/odk_validate/bin/ODK_Validate.jar"


def _compiled() -> Path:
    """The folder with FormEngine's classes, compiled when its source or the jar is new."""
    fingerprint = hashlib.sha256(
        SOURCE.read_bytes() + str(_jar().stat().st_size).encode()
    ).hexdigest()
    folder = CLASSES / fingerprint[:16]
    if not folder.is_dir():
        if shutil.which("javac") is None:
            raise EngineError("javac is missing: install openjdk-17-jdk-headless")
        CLASSES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CLASSES) as fresh:
            target = Path(fresh) / "classes"
            command = ["javac", "-encoding", "UTF-8", "-cp", str(_jar()), "-d", str(target)]
            built = subprocess.run([*command, str(SOURCE)], capture_output=True, text=True)
            if built.returncode:
                raise EngineError(built.stderr)
            if not folder.is_dir():  # another test process may have been faster
                target.rename(folder)
    return folder

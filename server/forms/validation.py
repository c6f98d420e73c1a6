"""Runs ODK Validate, the usual last check of an XForm, if there is a Java runtime."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from pyxform.validators.error_cleaner import ErrorCleaner
from pyxform.validators.odk_validate import ODK_VALIDATE_PATH

from server.forms import conversion, refusals
from server.forms.problems import Fault, FaultyWorkbook
from server.forms.sheets import Row
from server.forms.workbook import Workbook

TIMEOUT: Final = 60  # seconds
PATIENCE: Final = 8.0  # seconds for finding further faults
_MB: Final = 1024 * 1024
_LIMITS: Final = {
    resource.RLIMIT_AS: 8_000 * _MB,  # a JVM reserves far more than it uses; -Xmx bounds that
    resource.RLIMIT_CPU: 2 * TIMEOUT,
    resource.RLIMIT_FSIZE: 4 * _MB,  # its messages go to a file
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
}
_OPTIONS: Final = (
    "-Xmx256m", "-Xss4m", "-XX:MaxMetaspaceSize=128m", "-XX:ReservedCodeCacheSize=64m",
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
)  # fmt: skip
_one_at_a_time: Final = threading.Lock()
_PATH = re.compile(r"/[\w.-]*\w(?:/[\w.-]*\w)+")
_REFERENCE = re.compile(r"\$\{([\w.-]+)\}")


def validate(xform: bytes, workbook: Workbook) -> list[str]:
    """The warnings of ODK Validate about the XForm, or one warning that says why it did not run.

    Raises FaultyWorkbook when ODK Validate refuses the form, with the survey row of the first
    path that its message names. It stops at the first fault; others are looked for, for some
    seconds, in the form with that row as a plain question.
    """
    java = shutil.which(settings.RUHU_VALIDATE_JAVA)
    if java is None:
        return [_("Not checked by ODK Validate: there is no Java runtime here.")]
    faults: list[Fault] = []
    rows: list[int] = []
    until = time.monotonic() + PATIENCE
    while True:
        code, messages = _run_on(java, xform)
        if code is None and not faults:
            return [_("Not checked by ODK Validate: it did not finish.")]
        if code == 0 and not faults:
            return [line.strip() for line in messages.splitlines() if line.strip()]
        if not code:
            break
        message = " ".join(ErrorCleaner.odk_validate(messages).split())
        row = _row_named(message, workbook)
        fault = refusals.validate_fault(message[:1000], row.number if row else None)
        faults.append(replace(fault, sheet=row.sheet) if row else fault)
        is_given = not workbook.definition  # an XForm, of which no plain form is made
        if row is None or row.number in rows or time.monotonic() > until or is_given:
            break
        rows.append(row.number)
        again = conversion.without_logic(workbook, rows)
        if again is None:
            break
        xform = again.xform.encode()
    raise FaultyWorkbook(faults)


def _run_on(java: str, xform: bytes) -> tuple[int | None, str]:
    with tempfile.TemporaryDirectory(prefix="validate-") as directory:
        path = Path(directory, "form.xml")
        path.write_bytes(xform)
        command = [
            java,
            *_OPTIONS,
            f"-Djava.io.tmpdir={directory}",
            "-jar",
            ODK_VALIDATE_PATH,
            str(path),
        ]
        return _run(command, Path(directory, "messages"))


def _run(command: list[str], messages: Path) -> tuple[int | None, str]:
    """The exit code, and what was written to stderr; no code when it was killed or not started.

    The form may have been made to hurt: time, memory and files are bounded, and one runs at a time.
    """
    with _one_at_a_time, messages.open("wb") as file:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed command, the form is only its input
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file
            )
        except OSError:
            return None, ""
        with process:
            try:
                for limit, most in _LIMITS.items():
                    resource.prlimit(process.pid, limit, (most, most))
                code = process.wait(TIMEOUT)
            except (subprocess.TimeoutExpired, OSError):  # OSError: it has ended already
                process.kill()
                code = process.wait()
    text = messages.read_text(encoding="utf-8", errors="replace")
    return (None if code < 0 else code), text


def _row_named(message: str, workbook: Workbook) -> Row | None:
    """The survey row of the first path in the message, or of the first `${name}`, into which ErrorCleaner turns paths."""
    for path in _PATH.findall(message):
        is_of_form = path.startswith("/data/") or not workbook.definition
        if is_of_form and (row := workbook.row_of(path)):
            return row
    names = set(_REFERENCE.findall(message))
    return next((row for row in workbook.survey if row["name"] in names), None)

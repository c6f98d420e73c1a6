"""Runs ODK Validate, the usual last check of an XForm, if there is a Java runtime."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from pyxform.validators.error_cleaner import ErrorCleaner
from pyxform.validators.odk_validate import ODK_VALIDATE_PATH

from server.forms.problems import Fault, FaultyWorkbook
from server.forms.workbook import Workbook

TIMEOUT: Final = 100  # seconds
_PATH = re.compile(r"/data(?:/[\w.-]*[\w])+")
_REFERENCE = re.compile(r"\$\{([\w.-]+)\}")


def validate(xform: bytes, workbook: Workbook) -> list[str]:
    """The warnings of ODK Validate about the XForm, or one warning that says why it did not run.

    Raises FaultyWorkbook when ODK Validate refuses the form, with the survey row of the
    first path that its message names.
    """
    java = shutil.which(settings.RUHU_VALIDATE_JAVA)
    if java is None:
        return [_("Not checked by ODK Validate: there is no Java runtime here.")]
    with tempfile.TemporaryDirectory(prefix="validate-") as directory:
        path = Path(directory, "form.xml")
        path.write_bytes(xform)
        command = [java, "-Xmx256m", "-Djava.awt.headless=true", "-jar", ODK_VALIDATE_PATH]
        try:
            result = subprocess.run(  # noqa: S603 - a fixed command, the form is only its input
                [*command, str(path)], capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except (subprocess.TimeoutExpired, OSError):
            return [_("Not checked by ODK Validate: it did not finish.")]
    if result.returncode > 0:
        message = " ".join(ErrorCleaner.odk_validate(result.stderr).split())
        raise FaultyWorkbook(
            Fault(
                _("ODK Validate refuses the form: {message}").format(message=message[:1000]),
                _("Correct the expression it names."),
                sheet="survey",
                row=_row_named(message, workbook),
            )
        )
    return [line.strip() for line in result.stderr.splitlines() if line.strip()]


def _row_named(message: str, workbook: Workbook) -> int | None:
    """The survey row of the first path in the message, or of the first `${name}`, into which ErrorCleaner turns paths."""
    for path in _PATH.findall(message):
        if row := workbook.row_of(path):
            return row.number
    names = set(_REFERENCE.findall(message))
    return next((row.number for row in workbook.survey if row["name"] in names), None)

"""./ruhu formtext: write each workbook of xlsforms/ as text to api_docs/forms/, or check that the texts are in step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from server.core.codes import code_lists
from server.core.problems import Problem
from server.forms import workbook
from server.forms.text_twin import text_twin
from server.ops.generated import GeneratedFilesCommand


class Command(GeneratedFilesCommand):
    help = "Write the workbooks of xlsforms/ as text, one line a row, so that a diff shows what changed."

    def outputs(self) -> Mapping[str, bytes]:
        files = sorted(settings.BASE_DIR.glob("xlsforms/*.xlsx"))
        return {f"api_docs/forms/{file.stem}.md": _text(file).encode() for file in files}


def _text(file: Path) -> str:
    try:
        return text_twin(workbook.read(file.read_bytes(), file.name), file.name, code_lists())
    except Problem as problem:
        raise CommandError(f"{file.name}: {problem}") from None

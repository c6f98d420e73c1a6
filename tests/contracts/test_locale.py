"""The Chinese of every screen: complete, in step with the sources, and fit to be filled in."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

SERVER = Path(__file__).parents[2] / "server"
CATALOGUE = SERVER / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def entries(catalogue: Path) -> dict[str, str]:
    """msgid → msgstr, unwrapped; plural entries by their singular."""
    plain = subprocess.run(
        ["msgcat", "--no-wrap", "--no-location", str(catalogue)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pairs = re.findall(
        r'^msgid ((?:".*"\n)+)(?:msgid_plural (?:".*"\n)+)?msgstr(?:\[0\])? ((?:".*"\n?)+)',
        plain,
        re.MULTILINE,
    )
    read = {joined(original): joined(translation) for original, translation in pairs}
    read.pop("")
    return read


def joined(lines: str) -> str:
    return "".join(line[1:-1] for line in lines.splitlines())


def test_every_sentence_has_its_chinese():
    missing = [original for original, translation in entries(CATALOGUE).items() if not translation]
    assert missing == []
    assert "#, fuzzy" not in CATALOGUE.read_text(encoding="utf-8")


def test_the_catalogue_compiles_and_its_formats_agree(tmp_path):
    command = ["msgfmt", "--check", "-o", str(tmp_path / "django.mo"), str(CATALOGUE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    fields = re.compile(r"\{([a-z_]*)[^}]*\}")
    for original, translation in entries(CATALOGUE).items():
        assert set(fields.findall(original)) == set(fields.findall(translation)), original


def test_the_catalogue_is_in_step_with_the_sources():
    output = io.StringIO()
    try:
        call_command("messages", "--check", stdout=output)
    except CommandError as error:
        pytest.fail(f"{output.getvalue()}{error}")


def test_check_reports_what_the_command_then_writes(tmp_path, settings):
    source = tmp_path / "server" / "room.py"
    catalogue = tmp_path / "server" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    source.write_text('_("name")\n_("new name")\n')
    before = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "name"\nmsgstr "姓名"\n\nmsgid "old name"\nmsgstr "曾用名"\n'
    )
    catalogue.write_text(before)
    settings.BASE_DIR = tmp_path

    output = io.StringIO()
    with override("en"), pytest.raises(CommandError) as caught:
        call_command("messages", "--check", stdout=output)
    assert caught.value.returncode == 1
    assert output.getvalue().splitlines() == [
        "new: new name",
        "no longer used: old name",
        "without translation: new name",
        "server/locale/zh_Hans/LC_MESSAGES/django.po: out of step",
    ]
    assert catalogue.read_text() == before

    call_command("messages", stdout=io.StringIO())
    written = catalogue.read_text()
    assert written == before.replace("old name", "new name").replace("曾用名", "")
    assert catalogue.with_suffix(".mo").exists()
    call_command("messages", stdout=io.StringIO())
    assert catalogue.read_text() == written
    with pytest.raises(CommandError):  # a translation is still missing
        call_command("messages", "--check", stdout=io.StringIO())

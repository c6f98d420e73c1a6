"""The Chinese of every screen: complete, in step with the sources, and fit to be filled in."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from django.core.management import call_command

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


def test_the_catalogue_is_in_step_with_the_sources(tmp_path, monkeypatch, settings):
    copy = tmp_path / "server"
    shutil.copytree(
        SERVER, copy, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "node_modules")
    )
    settings.LOCALE_PATHS = [copy / "locale"]
    monkeypatch.chdir(copy)
    before = entries(copy / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")
    call_command(
        "makemessages", locale=["zh_Hans"], no_location=True, no_obsolete=True, verbosity=0
    )
    after = entries(copy / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")
    assert sorted(set(after) - set(before)) == [], "run makemessages in server/ and translate"
    assert sorted(set(before) - set(after)) == [], "no longer said anywhere"

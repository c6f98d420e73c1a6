"""README and CONTRIBUTING name the commands that exist, and every command is in one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from server.ops.setup import application, checks, long_runs
from server.ops.setup.__main__ import OWN
from server.ops.setup.messages import HELP, catalogue
from server.ops.setup.places import here

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CONTRIBUTING.md")
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
COMMANDS = {*OWN, *application.commands(ROOT)}


def _table() -> list[str]:
    """The commands in README's table."""
    section = TEXTS["README.md"].split("## Commands")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \| ", section, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`(?:\./ruhu )?([a-z]+)[^`]*`", cell)]


def test_readme_lists_every_command_once():
    listed = _table()
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == COMMANDS


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_only_commands_that_exist(page):
    named = set(re.findall(r"\./ruhu ([a-z_]+)", TEXTS[page]))
    assert named <= COMMANDS | set(get_commands()), page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_lists_the_commands_of_the_set_up(language):
    assert set(re.findall(r"^  \./ruhu ([a-z]+)", HELP[language], re.MULTILINE)) == set(OWN)
    options = {
        "--fix",
        "--only",
        "--changed",
        "--long",
        "--test",
        "--stop",
        "--empty",
        "--processes",
    }
    assert options <= set(re.findall(r"--[a-z]+", HELP[language]))


def test_contributing_fits_on_a_page_and_names_every_check_and_long_run():
    text = TEXTS["CONTRIBUTING.md"]
    assert len(text.splitlines()) <= 120
    names = [check.name for check in checks.checks(here())]
    names += [run.name for run in long_runs.registry(ROOT)]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_contributing_points_at_files_that_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", TEXTS["CONTRIBUTING.md"])
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_check_has_its_remedy():
    remedies = {key.removeprefix("remedy_") for key in catalogue() if key.startswith("remedy_")}
    assert remedies == {check.name for check in checks.checks(here())}


def test_pre_commit_runs_local_checks_that_exist():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"repo: (\S+)", text)) == {"local"}
    assert "://" not in text
    words = re.findall(r"entry: \./ruhu check (.*)", text)
    named = {word for line in words for word in line.split() if not word.startswith("-")}
    assert named
    assert named <= {check.name for check in checks.checks(here())}

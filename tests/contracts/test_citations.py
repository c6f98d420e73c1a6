"""Every place that a comment or a page cites is in the repository.

Sources cite a section as `rules.md, Ages` (page of api_docs/, comma, the heading as it
stands there), a decision as `decision 0130`, a test as `tests/unit/test_x.py::test_y`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "api_docs"
DECISIONS = PAGES / "decisions"
SUFFIXES = {".py", ".md", ".toml", ".html", ".csv", ".yaml", ".mjs", ".java", ".conf"}

_BY_NUMBER = re.compile(r"(?i)\b(?:design|domain|openrosa\.md|house-style)\s*§|§\d")
_SECTION = re.compile(r"\b([a-z][a-z-]*\.md)`?, (?=[A-Z4][a-z0-9]|V0)(.{3,90})")
_ANCHOR = re.compile(r"\bapi_docs/([a-z-]+\.md)#([\w-]+)")
_LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\((?!https?:|mailto:|console:)([^)\s]+)\)")
_DECISION = re.compile(r"\bdecisions? (\d{4})(?: and (\d{4}))?")
_DECISION_BESIDE = re.compile(r"\((\d{4})\)|\b(?:in|of|by|See|see) (\d{4})\b(?! [A-Z][a-z]+ber)")
_PATH = re.compile(r"(?<![\w./-])((?:server|tests|api_docs|xlsforms)/[\w./-]+\.\w+)(?:::(\w+))?")
_HEADING = re.compile(r"^(#{1,4}) (.+?)\s*$", re.MULTILINE)


def _files() -> list[Path]:
    """What git would commit, of the kinds that hold prose."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        paths = [path for path in ROOT.rglob("*") if "var" not in path.relative_to(ROOT).parts]
    else:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [
        path
        for path in paths
        if path.suffix in SUFFIXES and path.is_file() and "migrations" not in path.parts
    ]


FILES = _files()


@lru_cache(maxsize=1)
def _texts() -> dict[Path, str]:
    own = Path(__file__)
    return {path: path.read_text(encoding="utf-8") for path in FILES if path != own}


def _prose(text: str) -> str:
    """The text with the line breaks, and the comment signs after them, taken out of its sentences."""
    return re.sub(r"[ \t]*\n[ \t]*(?:# )?", " ", text)


@lru_cache(maxsize=64)
def headings(page: Path) -> tuple[str, ...]:
    """The headings of a page, without those inside code blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return tuple(match[2] for match in _HEADING.finditer(text))


def anchor(heading: str) -> str:
    """A heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _leads_somewhere(file: Path, fragment: str) -> bool:
    return file.exists() and (not fragment or fragment in map(anchor, headings(file)))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _cited_sections() -> Iterator[tuple[str, str, str]]:
    for path, text in _texts().items():
        for match in _SECTION.finditer(_prose(text)):
            yield _name(path), match[1], match[2]


def test_no_section_is_cited_by_number():
    lines = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path, text in _texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if _BY_NUMBER.search(line)
    ]
    assert not lines, "cite a heading of api_docs/, as in (rules.md, Ages)"


def test_every_cited_section_is_a_heading():
    unresolved = []
    for path, page, rest in _cited_sections():
        file = PAGES / page
        if not file.exists():
            unresolved.append(f"{path}: there is no api_docs/{page}")
        elif not any(rest.startswith(heading) for heading in headings(file)[1:]):
            unresolved.append(f"{path}: {page} has no heading “{rest[:40]}…”")
    assert not unresolved


def test_every_cited_anchor_is_a_heading():
    unresolved = [
        f"{_name(path)}: {match[0]}"
        for path, text in _texts().items()
        for match in _ANCHOR.finditer(text)
        if not _leads_somewhere(PAGES / match[1], match[2])
    ]
    assert not unresolved


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for path, text in _texts().items():
        if path.suffix != ".md":
            continue
        for match in _LINK.finditer(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
            target, _, fragment = match[1].partition("#")
            file = (path.parent / target).resolve() if target else path
            if not _leads_somewhere(file, fragment):
                broken.append(f"{_name(path)}: {match[1]}")
    assert not broken


def test_every_cited_decision_is_there():
    known = {path.name[:4] for path in DECISIONS.glob("[0-9]*.md")}
    unresolved = []
    for path, text in _texts().items():
        matches = list(_DECISION.finditer(_prose(text)))
        if path.parent == DECISIONS:
            matches += _DECISION_BESIDE.finditer(_prose(text))
        cited = {number for match in matches for number in match.groups() if number}
        # Years stand beside verbs, too; decisions have a leading zero.
        wrong = {number for number in cited if number.startswith("0")} - known
        unresolved += [f"{_name(path)}: decision {number}" for number in sorted(wrong)]
    assert not unresolved


@pytest.mark.parametrize(
    "page",
    [path for path in FILES if path.suffix == ".md" and path.parent in (ROOT, PAGES)],
    ids=lambda path: path.name,
)
def test_every_file_and_test_that_a_page_names_is_there(page: Path):
    """Decisions are not held to this: they tell what was true when they were taken."""
    missing = []
    for match in _PATH.finditer(page.read_text(encoding="utf-8")):
        file, test = ROOT / match[1], match[2]
        text = file.read_text(encoding="utf-8") if file.exists() else None
        if text is None or (test and f"def {test}(" not in text):
            missing.append(match[0])
    assert not missing

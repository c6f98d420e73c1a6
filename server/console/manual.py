"""The manual: pages of api_docs/ in Markdown, as HTML, and the section that each page of the console leads to.

The pages stand in api_docs/manual/zh and api_docs/manual/en under the same names, with as many
sections each, so that a place in the manual is a page and the number of a section in both languages.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER: Final = "api_docs"
OWN: Final = (
    "tour",
    "registration",
    "services",
    "assistance",
    "retired",
    "petitions",
    "window",
    "collect",
    "terms",
)
"""The pages of the manual, in the order of the menu."""
SHARED: Final = {"glossary": "glossary.md", "dictionary": "dictionary.md"}
"""Pages of api_docs/ that the manual shows as well: name → file. They are the same in all languages."""
SHARED_TITLES: Final = {"glossary": _("Glossary"), "dictionary": _("Data dictionary")}
SLUGS: Final = (*OWN, *SHARED)
CONSOLE: Final = "console:"
"""Begins a link to a page of the console, as in `[Review queue](console:/review)`."""

PLACES: Final[dict[str, tuple[str, int]]] = {
    "home": ("tour", 2),
    "submissions": ("tour", 2),
    "submission": ("tour", 9),
    "review": ("tour", 3),
    "review-record": ("tour", 3),
    "approve-many": ("tour", 3),
    "exceptions": ("tour", 4),
    "settle": ("tour", 4),
    "quarantine": ("tour", 4),
    "links": ("tour", 4),
    "ledgers": ("tour", 5),
    "ledger": ("tour", 5),
    "search": ("tour", 5),
    "persons": ("tour", 6),
    "person": ("tour", 6),
    "households": ("registration", 1),
    "household": ("registration", 1),
    "correct": ("tour", 7),
    "due-visits": ("tour", 8),
    "day-sheet": ("tour", 8),
    "reports": ("tour", 10),
    "filings": ("tour", 10),
    "filing": ("tour", 10),
    "imports": ("tour", 11),
    "import": ("tour", 11),
    "enter": ("window", 1),
    "enter-form": ("window", 2),
    "cases": ("assistance", 1),
    "case": ("assistance", 1),
    "map": ("assistance", 3),
    "employers": ("services", 1),
    "employer": ("services", 1),
    "vacancies": ("services", 1),
    "field-accounts": ("collect", 1),
    "codes": ("collect", 1),
}
"""Name of a console page → the page of the manual about it, and the number of the section there, from 1."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level, with its anchor."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the manual in one language."""

    slug: str
    title: str
    sections: tuple[Section, ...]
    html: SafeString


def page(slug: str, language: str) -> Page:
    """A page in the language ("zh-hans", "en", …), read again when its file has changed. Raises KeyError for a name of no page."""
    path = file_of(slug, language)
    return _page(slug, path, path.stat().st_mtime_ns)


def address(place: tuple[str, int], language: str) -> str:
    """Where a section of the manual stands at the console."""
    slug, number = place
    section = page(slug, language).sections[number - 1]
    return f"{reverse('console:manual', args=[slug])}#{section.anchor}"


def file_of(slug: str, language: str) -> Path:
    """The file of a page. Raises KeyError for a name of no page."""
    folder = settings.BASE_DIR / FOLDER
    if slug in OWN:
        return Path(
            folder / "manual" / ("zh" if language.startswith("zh") else "en") / f"{slug}.md"
        )
    return Path(folder / SHARED[slug])


def menu(language: str) -> list[tuple[str, str]]:
    """Every page in the order of the menu: its name and its title."""
    own = [(slug, page(slug, language).title) for slug in OWN]
    return own + [(slug, str(SHARED_TITLES[slug])) for slug in SHARED]


@lru_cache(maxsize=2 * len(SLUGS))
def _page(slug: str, path: Path, _changed: int) -> Page:
    text = path.read_text(encoding="utf-8")
    title, sections, html = rendered(text, path.relative_to(settings.BASE_DIR / FOLDER).as_posix())
    return Page(slug, title, sections, html)


def rendered(text: str, path: str) -> tuple[str, tuple[Section, ...], SafeString]:
    """Title, sections and HTML of a page; `path` is that of its file within api_docs/, from which its links lead.

    HTML in the text is shown as text. A link to a page that the console does not show becomes its words.
    """
    tokens = _MARKDOWN.parse(text)
    title, sections = "", []
    for token, inside in pairwise(tokens):
        if token.type != "heading_open":
            continue
        words = "".join(part.content for part in inside.children or [])
        if token.tag == "h1":
            title = title or words
            continue
        token.attrSet("id", anchor_of(words))
        if token.tag == "h2":
            sections.append(Section(anchor_of(words), words))
    for token in tokens:
        if token.type == "inline":
            _lead_links(token.children or [], posixpath.dirname(path))
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return title, tuple(sections), mark_safe(html)  # noqa: S308 - the library escapes what the files hold


def anchor_of(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it: small letters, no marks, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _lead_links(tokens: Sequence[Token], folder: str) -> None:
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            href = _target(str(token.attrGet("href")), folder) if token.nesting == 1 else None
            if href:
                token.attrSet("href", href)
            elif token.nesting == 1:
                token.tag, token.attrs = "span", {}
    opened = ""
    for token in tokens:
        if token.type == "link_open":
            opened = token.tag
        elif token.type == "link_close":
            token.tag = opened


def _target(href: str, folder: str) -> str | None:
    """Where a link of a file in the folder leads at the console; None where it shows no such page."""
    if href.startswith("#"):
        return href
    if href.startswith(CONSOLE):
        return href.removeprefix(CONSOLE)
    path, _hash, anchor = href.partition("#")
    slug = _SLUG_OF.get(posixpath.normpath(posixpath.join(folder, path)))
    if slug is None:
        return None
    return reverse("console:manual", args=[slug]) + (f"#{anchor}" if anchor else "")


_SLUG_OF: Final = {
    **{f"manual/{language}/{slug}.md": slug for language in ("zh", "en") for slug in OWN},
    **{path: slug for slug, path in SHARED.items()},
}


def _boxed(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, _environment: Any
) -> str:
    """A table in the box in which wide tables are moved sideways."""
    tag = str(renderer.renderToken(tokens, index, options, _environment))
    return f'<div class="table-box">{tag}' if tokens[index].nesting == 1 else f"{tag}</div>"


def _end_of_line(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _environment: Any
) -> str:
    """The end of a line inside a paragraph: a space, but none beside Chinese characters."""
    before = "".join(part.content for part in tokens[max(index - 2, 0) : index])
    after = "".join(part.content for part in tokens[index + 1 : index + 3])
    is_chinese = before[-1:] >= _CHINESE or after[:1] >= _CHINESE
    return "" if is_chinese else "\n"


_CHINESE: Final = "\u2e80"
"""The first of the characters that are written without spaces."""


def _drawing(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _environment: Any
) -> str:
    """Code and drawings in their source text; their language is of no use to a browser."""
    return f"<pre><code>{escape(tokens[index].content)}</code></pre>"


_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_MARKDOWN.add_render_rule("table_open", _boxed)
_MARKDOWN.add_render_rule("table_close", _boxed)
_MARKDOWN.add_render_rule("fence", _drawing)
_MARKDOWN.add_render_rule("softbreak", _end_of_line)

"""The manual: complete in both languages, its links lead somewhere, and pages lead to what it says about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver, resolve

from server.console import manual
from server.ledgers.definitions.ledgers import DEFINITIONS
from tests.conftest import STREET

LANGUAGES = ("zh-hans", "en")
FOLDER = Path(settings.BASE_DIR) / manual.FOLDER
FILES = sorted((FOLDER / "manual").glob("*/*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LEDGERS = {definition.path for definition in DEFINITIONS.values()}
ON_THEIR_SECTION = {
    "/review": "tour",
    "/exceptions": "tour",
    "/persons": "tour",
    "/visits/due": "tour",
    "/reports": "tour",
    "/imports": "tour",
    "/cases": "assistance",
    "/field-accounts": "collect",
}


def test_every_page_is_there_in_both_languages_with_as_many_sections():
    for language in ("zh", "en"):
        there = {path.stem for path in FILES if path.parent.name == language}
        assert there == set(manual.OWN), language
    for slug in manual.OWN:
        chinese, english = (manual.page(slug, language) for language in LANGUAGES)
        assert chinese.title, slug
        assert english.title, slug
        assert len(chinese.sections) == len(english.sections), slug


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_leads_to_a_page_that_exists(path: Path):
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if target.startswith(manual.CONSOLE):
            match = resolve(target.removeprefix(manual.CONSOLE))
            assert match.app_name == "console", target
            assert match.kwargs.get("path", next(iter(LEDGERS))) in LEDGERS, target
            continue
        file, _hash, anchor = target.partition("#")
        page = path.parent / file if file else path
        assert page.is_file(), target
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in map(manual.anchor_of, headings), target


def test_every_place_is_a_section_and_belongs_to_a_page_of_the_console():
    names = {
        key for key in get_resolver("server.console.urls").reverse_dict if isinstance(key, str)
    }
    assert set(manual.PLACES) <= names
    for slug, number in manual.PLACES.values():
        for language in LANGUAGES:
            assert 1 <= number <= len(manual.page(slug, language).sections), slug


def test_html_in_a_file_is_shown_as_text_and_foreign_links_are_words():
    _title, sections, html = manual.rendered(
        "# A\n\n## B & C\n\n<script>x()</script> <b>d</b> [e](javascript:f) [g](../../fold.md)"
        " [h](../../glossary.md#the-field) [i](https://example.org) ![j](k.png)"
        " [l](console:/review)\n\n两行\n不空格 and\nwords\n",
        "manual/en/tour.md",
    )
    assert [(section.anchor, section.title) for section in sections] == [("b--c", "B & C")]
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert re.findall(r'href="([^"]*)"', html) == ["/help/glossary#the-field", "/review"]
    assert "两行不空格 and\nwords" in html
    assert "<span>g</span>" in html


@pytest.mark.django_db
def test_pages_answer_in_the_readers_language(client, make_user):
    client.force_login(make_user("staff", role="street", area=STREET))
    for language in LANGUAGES:
        for slug in manual.SLUGS:
            response = client.get(f"/help/{slug}", headers={"accept-language": language})
            page = manual.page(slug, language)
            assert response.status_code == 200
            shown = response.content.decode()
            assert page.html in shown
            assert f'href="/help/{slug}" aria-current="page"' in shown
            anchors = [section.anchor for section in page.sections]
            assert all(f'<h2 id="{anchor}">' in shown for anchor in anchors)
    assert client.get("/help").status_code == 200
    assert client.get("/help/nothing").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_leads_to_what_the_manual_says_about_it(client, make_user, language):
    client.force_login(make_user("staff", role="street", area=STREET))
    for address, slug in ON_THEIR_SECTION.items():
        shown = client.get(address, headers={"accept-language": language}).content.decode()
        [target] = re.findall(r'href="(/help/[^"]+#[^"]+)"', shown)
        path, _hash, anchor = target.partition("#")
        assert path == f"/help/{slug}", address
        there = client.get(path, headers={"accept-language": language}).content.decode()
        assert f'id="{anchor}"' in there
    shown = client.get("/account", headers={"accept-language": language}).content.decode()
    assert 'href="/help"' in shown

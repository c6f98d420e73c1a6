"""Catalogues of translations: parsed, brought in step with the sources, written without noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.ops.translations import Entry, GettextFailed, extracted, merged, parsed, run

HEADER = 'msgid ""\nmsgstr ""\n"Language: zh_Hans\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'
FILE = (
    HEADER
    + """
msgid "second"
msgstr "第二"

#, python-brace-format
msgid "first {name}"
msgstr "第一 {name}"

msgctxt "of a form"
msgid "state"
msgstr "状态"

#, python-format
msgid "%(n)s entry"
msgid_plural "%(n)s entries"
msgstr[0] "%(n)s 条"
"""
)
SECOND, FIRST, STATE, ENTRY = parsed(FILE).entries


def test_a_file_is_written_as_it_was_read():
    assert parsed(FILE).text() == FILE


def test_entries_that_stay_keep_their_order_and_the_header_stays():
    assert merged(parsed(FILE), [FIRST, STATE, SECOND, ENTRY]).text() == FILE


def test_a_new_entry_follows_its_predecessor_in_the_sources_and_is_empty():
    new = Entry("first {names}", flags=("python-brace-format",))
    catalogue = merged(parsed(FILE), [FIRST, new, STATE, SECOND, ENTRY])
    assert [entry.original for entry in catalogue.entries] == [
        "second", "first {name}", "first {names}", "state", "%(n)s entry",
    ]  # fmt: skip
    assert catalogue.missing() == ["first {names}"], "nothing is guessed from a similar entry"
    assert '\n#, python-brace-format\nmsgid "first {names}"\nmsgstr ""\n\n' in catalogue.text()


def test_new_entries_before_all_others_come_first_and_in_order():
    catalogue = merged(parsed(FILE), [Entry("a"), Entry("b"), SECOND])
    assert [entry.original for entry in catalogue.entries] == ["a", "b", "second"]


def test_an_entry_no_longer_used_is_removed_without_a_trace():
    catalogue = merged(parsed(FILE), [FIRST, STATE, ENTRY])
    assert "second" not in catalogue.text()


def test_the_same_words_in_another_context_are_another_entry():
    catalogue = merged(parsed(FILE), [SECOND, FIRST, STATE, Entry("state"), ENTRY])
    assert catalogue.missing() == ["state"]


def test_a_changed_plural_empties_the_translation():
    changed = Entry("%(n)s entry", plural="%(n)s rows", flags=ENTRY.flags)
    catalogue = merged(parsed(FILE), [SECOND, FIRST, STATE, changed])
    assert catalogue.missing() == ["%(n)s entry"]
    assert 'msgid_plural "%(n)s rows"\nmsgstr[0] ""' in catalogue.text()


def test_places_wrapped_lines_and_obsolete_entries_vanish_and_comments_stay():
    noisy = HEADER + (
        "\n# A translator's comment\n#: server/a.py:1\nmsgid \"\"\n\"one \"\n\"two\"\nmsgstr \"一二\"\n"
        "\n#~ msgid \"old\"\n#~ msgstr \"旧\"\n"
    )  # fmt: skip
    quiet = '\n# A translator\'s comment\nmsgid "one two"\nmsgstr "一二"\n'
    assert merged(parsed(noisy), [Entry("one two")]).text() == HEADER + quiet


def test_a_guessed_translation_counts_as_missing():
    guessed = HEADER + '\n#, fuzzy\nmsgid "new"\nmsgstr "旧"\n'
    assert merged(parsed(guessed), [Entry("new")]).missing() == ["new"]


def test_entries_come_from_modules_and_templates(tmp_path: Path):
    (tmp_path / "room/templates").mkdir(parents=True)
    (tmp_path / "room/views.py").write_text(
        'title = _("first")\nother = pgettext_lazy("of a form", "state")\n'
        'many = ngettext("%(n)s entry", "%(n)s entries", n)\nquoted = _("say \\"a\\"\\n")\n'
    )
    (tmp_path / "room/templates/page.html").write_text(
        "{% load i18n %}{% translate 'in a template' %}"
    )
    before = set(tmp_path.rglob("*"))
    assert [entry.original for entry in extracted(tmp_path)] == [
        "in a template", "first", "state", "%(n)s entry", 'say \\"a\\"\\n',
    ]  # fmt: skip
    assert set(tmp_path.rglob("*")) == before, "nothing is written beside the sources"


def test_sources_without_messages_have_no_entries(tmp_path: Path):
    (tmp_path / "a.py").write_text("")
    assert extracted(tmp_path) == ()


def test_a_failing_program_is_reported_with_its_words(tmp_path: Path):
    with pytest.raises(GettextFailed, match="missing"):
        run("msgfmt", "-o", "/dev/null", str(tmp_path / "missing.po"))

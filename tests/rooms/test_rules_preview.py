"""What a further rule would change is shown before anybody writes it into the table, and nothing is written."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from server.core import clock
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.folding.derive.rules import Rule, rules
from server.ledgers.models import AssistanceCase, Person
from server.ledgers.refolding import scope
from server.ledgers.refolding.previewing import UnfitRule, check, preview
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import COMMUNITY
from tests.factories.rules import make_people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def people(divisions, make_user):
    """Two men who seek work, 56 and 51 years old at least, and a child."""
    return make_people(make_user)


def previewed(capsys, *words: str) -> str:
    capsys.readouterr()
    call_command("rules", "preview", *words)
    return capsys.readouterr().out


def test_a_higher_age_takes_the_flag_from_whoever_has_not_reached_it(people, capsys):
    assert [person.is_4050 for person in people] == [True, True, False]
    before = list(Person.objects.order_by("pk").values())
    printed = previewed(capsys, "older.m", "53", "--from", "2005-01-01", "--entries")
    assert "person.is_4050" in printed
    assert f"person {people[1].pk} " in printed
    assert f"person {people[0].pk} " not in printed
    assert list(Person.objects.order_by("pk").values()) == before
    assert AssistanceCase.objects.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("older.m", "50", "--from", "2005-01-01"),  # as it is
        ("older.m", "53", "--from", "2005-01-01", "--area", "440199"),
        ("older.m", "53", "--from", "2005-01-01", "--area", "4403"),
    ],
)
def test_what_changes_nothing_is_said_to_change_nothing(people, capsys, words):
    printed = previewed(capsys, *words, "--entries")
    assert " 0 条会变动" in printed or ": 0 of " in printed
    assert len(printed.splitlines()) == 1


def test_a_rule_that_begins_later_is_judged_on_its_first_day(people):
    begins = clock.today() + 40 * DAY
    rule = Rule("older.m", COMMUNITY, begins, None, "53")
    result = preview(rule, today=clock.today(), most=10)
    assert result.day == begins
    assert ("person", str(people[1].pk)) in result.entries
    ended = Rule("older.m", COMMUNITY, begins - 90 * DAY, begins - 80 * DAY, "53")
    flags = preview(ended, today=clock.today(), most=10).columns
    assert ("person", "is_4050", "True", "False") not in flags


def test_so_many_entries_are_taken_and_the_rest_is_named(people):
    rule = Rule("older.m", "", clock.today(), None, "53")
    result = preview(rule, today=clock.today(), most=2)
    assert "person" in result.cut
    assert "person" not in preview(rule, today=clock.today(), most=3).cut


def test_the_preview_is_what_a_rebuild_would_find(people, monkeypatch):
    rule = Rule("older.m", "4401", clock.today() - 400 * DAY, None, "53")
    result = preview(rule, today=clock.today(), most=1000)
    table = rules().with_rule(rule)
    monkeypatch.setattr(scope, "standing_rules", lambda: table)
    differences = rebuild(
        area="", as_of=clock.today(), keep=False, progress=lambda _done, _of: None
    ).differences
    expected: Counter[tuple[str, str]] = Counter()
    for (ledger, column, _before, _after), number in result.columns.items():
        expected[LEDGERS[ledger]._meta.db_table, column] += number
    ledgers = {model._meta.db_table for model in LEDGERS.values()}
    assert ("ledgers_person", "is_4050") in expected
    assert {
        (item.table, item.column): item.rows
        for item in differences
        if item.table in ledgers and item.column != "assisted_categories"  # copied from the cases
    } == expected


@pytest.mark.parametrize(
    ("key", "value"), [("older.x", "50"), ("older.m", "fifty"), ("category_set", "C")]
)
def test_a_key_or_a_kind_of_value_that_the_table_lacks_is_refused(key, value):
    with pytest.raises(UnfitRule):
        check(Rule(key, "", clock.today(), None, value))
    with pytest.raises(CommandError, match="ruhu rules list"):
        call_command("rules", "preview", key, value, "--from", "2026-01-01")


def test_other_words_are_refused_and_the_table_is_listed(capsys):
    given = ("older.m", "53", "--from", "2026-01-01")
    for more in (("--area", "天河"), ("--to", "2026-01-01"), ("--most", "0")):
        with pytest.raises(CommandError):
            call_command("rules", "preview", *given, *more)
    call_command("rules", "list", "older.")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "older.m",
        "older.f",
    ]

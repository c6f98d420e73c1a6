"""Ledgers that another version folded are computed again when this version starts, once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.management import call_command

from server.audit.models import Act, AuditEntry
from server.ledgers.models import FoldVersion, Person
from server.ledgers.refolding import version
from server.ledgers.services import merge_submissions
from server.ops import folding_anew
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)


@pytest.fixture
def folded_otherwise(divisions, make_user) -> list[str]:
    """A person in each of two streets, whose rows are as another version left them; their ids."""
    versions, ids = make_versions(), []
    user = make_user("zhang", area="440106")
    for number, community in enumerate((COMMUNITY, OTHER_STREET_COMMUNITY)):
        line = member(
            "陈一", key=f"P{number}", id_type="01", id_no=id_number("1990-01-01", number * 2 + 1)
        )
        survey = Filled(
            community=community,
            household_id=uuid_of(f"H{number}"),
            household={"address": "示范路1号"},
            members=[line],
        )
        stored = store(
            survey, version=versions["survey"], submitter=user,
            instance_id=f"uuid:{uuid_of(str(number))}",
        )  # fmt: skip
        merge_submissions(submission_ids=[stored.pk], as_of=AS_OF)
        ids.append(uuid_of(f"P{number}"))
    Person.objects.filter(pk__in=ids).update(birth_date=date(1950, 1, 1))
    FoldVersion.objects.update_or_create(pk=1, defaults={"digest": "of another version"})
    return ids


def births(ids: list[str]) -> set[Any]:
    return set(Person.objects.filter(pk__in=ids).values_list("birth_date", flat=True))


def test_a_start_of_another_version_computes_the_ledgers_once(folded_otherwise):
    call_command("retry")
    assert births(folded_otherwise) == {date(1990, 1, 1)}
    assert version.is_folded_by_this_code()
    assert AuditEntry.objects.filter(act=Act.LEDGERS_REBUILT).count() == 1
    Person.objects.filter(pk__in=folded_otherwise).update(birth_date=date(1950, 1, 1))
    call_command("retry")
    assert births(folded_otherwise) == {date(1950, 1, 1)}, "only ./ruhu rebuild looks again"


def test_where_there_is_much_the_worker_does_it_street_by_street(folded_otherwise, monkeypatch):
    monkeypatch.setattr(folding_anew, "AT_ONCE", 1)
    call_command("retry")
    assert births(folded_otherwise) == {date(1950, 1, 1)}
    done = []

    def interrupt(area: str, _report: Any) -> None:
        done.append(area)
        if len(done) == 1:
            raise KeyboardInterrupt

    for _attempt in range(2):
        try:
            version.fold_areas(AS_OF, lambda _done, _of: None, interrupt)
        except KeyboardInterrupt:
            assert not version.is_folded_by_this_code()
            assert len(births(folded_otherwise)) == 2
    assert sorted(done) == ["440106003", "440106005"], "no street is computed twice"
    assert births(folded_otherwise) == {date(1990, 1, 1)}
    assert version.is_folded_by_this_code()
    folding_anew.fold_streets()
    assert len(done) == 2


def test_a_whole_rebuild_is_noted(folded_otherwise):
    with pytest.raises(SystemExit):
        call_command("rebuild")
    assert version.is_folded_by_this_code()


def test_an_empty_installation_has_nothing_to_compute():
    call_command("retry")
    assert version.is_folded_by_this_code()
    assert not AuditEntry.objects.filter(act=Act.LEDGERS_REBUILT).exists()

"""The demo street is complete, repeatable, unchanged by a second run, and has every defect it announces."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from server.accounts.models import FieldAccount, RoleGrant, User
from server.forms.services import publish
from server.geo.models import Boundary, Division
from server.ledgers.definitions.ledgers import FOLDED, LEDGERS
from server.ledgers.models import (
    AssistanceCase,
    DeskAct,
    Household,
    LedgerException,
    Membership,
    Offer,
    Person,
    Retiree,
    Visit,
)
from server.ops.demo import street
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, Submission, Waiting

XLSFORMS = Path(__file__).parents[2] / "xlsforms"
SIZE = street.Size(communities=2, households=40, quarters=2, seed=3, until="2026-11-01")


@pytest.fixture(scope="module")
def workbooks():
    return {form_id: (XLSFORMS / f"{form_id}.xlsx").read_bytes() for form_id in street.FORMS}


@pytest.fixture
def forms(db, workbooks):
    for form_id, workbook in workbooks.items():
        publish(workbook=workbook, filename=f"{form_id}.xlsx", publisher=None, validate=False)


def quiet(what, done, of):
    assert done <= of


def test_a_street_is_made_and_a_second_run_changes_nothing(forms):
    result = street.make(SIZE, quiet)

    assert not Waiting.objects.exists()
    assert not Quarantined.objects.exists()
    assert not Submission.objects.filter(flags__contains="unprocessed").exists()
    assert Attachment.objects.exists()
    assert Household.objects.count() == result.ledgers["households"] == 40
    rejected = Submission.objects.filter(review_state="rejected")
    assert rejected.exists()
    assert Submission.objects.filter(review_state="approved").exists()
    changes = Submission.objects.filter(form__form_id="quick_change")
    assert changes.count() > 10
    of_changes = Visit.objects.filter(source_submission__in=changes)
    assert not of_changes.exclude(outcome__in=("6", "7")).exists()
    offers = Submission.objects.filter(form__form_id="job_offer")
    by_form = Offer.objects.filter(source_submission__in=offers)
    assert by_form.count() == offers.count() > 0
    assert Visit.objects.filter(purpose="4").count() == offers.count()
    suggested = Offer.objects.filter(source_submission=None)
    assert suggested.count() == DeskAct.objects.filter(kind="suggest").count()
    retired = Submission.objects.filter(form__form_id="retiree_visit")
    assert Retiree.objects.count() == retired.count() > 0
    applications = Submission.objects.filter(form__form_id="service_application")
    matters = Submission.objects.filter(form__form_id="petition_consult")
    updates = Submission.objects.filter(form__form_id="vacancy_update")
    assert updates.exists()
    empty = [name for name in FOLDED if not LEDGERS[name]._default_manager.exists()]
    assert empty == ["policy", "annual_check"]  # of certificates that the county has not issued
    visits = Visit.objects.count() - of_changes.count()
    assert (
        visits
        == result.ledgers["submissions"]
        - rejected.count()
        - changes.count()
        - retired.count()
        - applications.count()
        - matters.count()
        - updates.count()
    )
    assert AssistanceCase.objects.exists()
    assert Household.objects.exclude(assisted_categories=[]).exists()
    assert {login.username for login in result.logins} == {
        "street",
        "county",
        "admin",
        "worker1",
        "worker2",
    }

    again = street.make(street.Size(communities=9, seed=9), quiet)
    assert again.already_existed
    assert again.size == SIZE
    assert again.ledgers == result.ledgers
    assert not again.logins


def test_every_promised_defect_is_there(forms):
    result = street.make(SIZE, quiet)
    assert {name: count for name, count in result.defects.items() if count < 1} == {}

    members = Membership.objects.filter(to_on=None)
    on_two = {
        person
        for person in members.values_list("person", flat=True)
        if members.filter(person=person).values("household").distinct().count() > 1
    }
    assert len(on_two) == result.defects["two_rosters"]
    assert Person.objects.filter(id_type="99").count() == result.defects["no_id"]
    assert Person.objects.exclude(id_no_15=None).count() == result.defects["id_15_digits"]
    assert LedgerException.objects.filter(kind="bad_id").count() == result.defects["bad_id"]
    surveys = Visit.objects.filter(purpose="1", outcome="1", employer=None)
    assert surveys.filter(loc=None).count() == result.defects["no_gps"]
    moved = Division.objects.exclude(valid_to=None)
    assert moved.count() == result.defects["new_codes"]
    assert moved.get().successors.count() == 1
    assert Submission.objects.filter(area_code=moved.get().code).exists()
    rejected = Submission.objects.filter(review_state="rejected").count()
    deaths = Visit.objects.filter(outcome="7").exclude(
        source_submission__form__form_id="quick_change"
    )
    deaths = deaths.count()
    assert result.defects["deaths"] - rejected <= deaths <= result.defects["deaths"]


def test_an_interrupted_demo_is_finished_with_the_sizes_it_was_begun_with(forms):
    class PowerCut(Exception):
        pass

    def cut(what, done, of):
        if what == "submissions" and done >= 20:
            raise PowerCut

    with pytest.raises(PowerCut):
        street.make(SIZE, cut)
    assert Submission.objects.count() == 20

    finished = street.make(street.Size(), quiet)
    assert finished.size == SIZE
    assert finished.ledgers["households"] == 40
    assert not Quarantined.objects.exists()
    assert finished.logins
    assert FieldAccount.objects.filter(user__username="worker1").count() == 2


def test_the_command_prints_log_ins_once(forms):
    def demo(*arguments):
        out = io.StringIO()
        call_command("demo", *arguments, stdout=out)
        return out.getvalue()

    arguments = (
        "--communities",
        "1",
        "--households",
        "12",
        "--quarters",
        "1",
        "--until",
        "2026-11-01",
    )
    printed = json.loads(demo(*arguments, "--base-url", "https://ruhu.example", "--json"))
    assert printed["created"] is True
    logins = {login["username"]: login for login in printed["logins"]}
    assert User.objects.get(username="street").check_password(logins["street"]["password"])
    assert logins["worker1"]["base_url"].startswith("https://ruhu.example/key/")
    assert logins["worker1"]["collect"]["general"]["server_url"] == logins["worker1"]["base_url"]
    assert RoleGrant.objects.filter(user__username="admin", role="restricted", area="").exists()

    assert json.loads(demo("--json"))["created"] is False
    printed = demo()
    assert logins["street"]["password"] not in printed
    assert f"{Household.objects.count():,}" in printed


def test_the_command_says_what_is_missing(db, workbooks):
    with pytest.raises(CommandError, match="publish"):
        call_command("demo")
    with pytest.raises(CommandError, match="--households"):
        call_command("demo", "--households", "0")
    with pytest.raises(CommandError, match="--until"):
        call_command("demo", "--until", "2199-01-01")


def test_a_whole_street_is_asked_for_by_one_word(forms, monkeypatch):
    """Too long for the suite: what the command asks for, with fewer households behind it."""
    from server.ops.management.commands import demo

    monkeypatch.setitem(demo._STREET, "households", 15)
    out = io.StringIO()
    call_command("demo", "--street", "--until", "2026-11-01", "--json", stdout=out)
    assert json.loads(out.getvalue())["ledgers"]["households"] >= 15
    assert (
        Division.objects.filter(code__startswith="440106003", level=5, valid_to=None).count() == 15
    )


def test_the_demo_does_not_mix_with_a_real_street(forms):
    division = Division.objects.create(code="440106003000", level=4, name="真街道")
    Boundary.objects.create(
        division=division,
        outline="SRID=4326;MULTIPOLYGON(((113 23, 114 23, 114 24, 113 23)))",
    )
    with pytest.raises(CommandError, match="440106003"):
        call_command("demo")

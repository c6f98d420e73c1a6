"""Households, persons, cases, employers, vacancies, exceptions, and what lies behind the mask."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from server.ledgers.models import IdentityKey, LedgerException
from tests.conftest import COMMUNITY, STREET
from tests.factories.audit import disclosed
from tests.factories.console import AT, ID_NO, PHONE, entry

pytestmark = pytest.mark.django_db

LISTS = [
    ("households", 8),
    ("persons", 7),
    ("cases", 8),
    ("employers", 7),
    ("vacancies", 7),
    ("exceptions", 10),
    ("review", 10),
    ("home", 16),
    ("forms", 10),
    ("field-accounts", 11),
    ("disclosures", 8),
    ("quarantine", 9),  # one for the records held for this office
    ("map", 10),
]


@pytest.mark.parametrize(("page", "queries"), LISTS, ids=[page for page, _ in LISTS])
def test_every_list_costs_a_fixed_number_of_queries(
    street, log_in, django_assert_max_num_queries, page, queries
):
    from server.ledgers.models import AssistanceCase, Employer, Household, Person, Vacancy

    for number in range(5):
        household = Household.objects.create(**entry(COMMUNITY, hh_no=f"h{number}"))
        person = Person.objects.create(**entry(COMMUNITY, name=f"p{number}", household=household))
        AssistanceCase.objects.create(
            **entry(COMMUNITY, case_no=f"c{number}", subject_person=person, state="6")
        )
        employer = Employer.objects.create(**entry(COMMUNITY, name=f"e{number}"))
        Vacancy.objects.create(**entry(COMMUNITY, title=f"v{number}", employer=employer))
    client = log_in()
    with django_assert_max_num_queries(queries):
        assert client.get(reverse(f"console:{page}")).status_code == 200


def test_a_list_made_from_the_declaration_costs_the_same_queries_for_any_number_of_rows(
    street, log_in, django_assert_max_num_queries
):
    from server.ledgers.models import Employer, Offer, Person, Vacancy

    for number in range(20):
        employer = Employer.objects.create(**entry(COMMUNITY, name=f"e{number}"))
        vacancy = Vacancy.objects.create(**entry(COMMUNITY, title=f"v{number}", employer=employer))
        person = Person.objects.create(**entry(COMMUNITY, name=f"p{number}"))
        Offer.objects.create(**entry(COMMUNITY, person=person, vacancy=vacancy))
    client = log_in()
    for path in ("vacancies", "offers"):
        with django_assert_max_num_queries(10):
            page = client.get(f"/ledgers/{path}")
        assert page.content.decode().count("data-href") >= 20


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/households?search=陈大文", 1),
        ("/households?search=棠荫路1", 1),
        ("/households?search=1-0001", 1),
        ("/households?search=1-009", 0),
        ("/households?assisted=true", 1),
        ("/households?due=overdue", 1),
        ("/households?area=440106003002", 0),
        ("/persons?search=大文", 1),
        ("/persons?is_4050=true", 1),
        ("/persons?is_key=true", 0),
        ("/persons?emp_status=21", 1),
        ("/cases?state=6", 1),
        ("/cases?due=overdue", 1),
        ("/cases?category=B01", 1),
        ("/cases?category=B07", 0),
        ("/employers?search=制衣", 1),
    ],
)
def test_lists_are_searched(street, log_in, address, count):
    text = log_in().get(address).content.decode()
    assert text.count("<tr data-href=") == count


def test_the_household_page_tells_its_story(street, log_in, django_assert_max_num_queries):
    client = log_in()
    with django_assert_max_num_queries(22):
        page = client.get(reverse("console:household", args=[street.household.pk]))
    text = page.content.decode()
    for text_shown in (
        "陈大文1",
        "棠荫路1号",
        "registered here",
        "linked visit",
        "older unemployed",
    ):
        assert text_shown in text, text_shown


def test_numbers_are_masked_everywhere(street, log_in):
    client = log_in("administrator", "")
    for address in (
        reverse("console:person", args=[street.person.pk]),
        reverse("console:household", args=[street.household.pk]),
        reverse("console:employer", args=[street.employer.pk]),
        reverse("console:persons"),
        reverse("console:employers"),
    ):
        text = client.get(address).content.decode()
        assert ID_NO not in text, address
        assert PHONE not in text, address
    person = client.get(reverse("console:person", args=[street.person.pk])).content.decode()
    assert ID_NO[:4] + "*" * 14 in person


def test_looking_behind_the_mask_needs_role_and_reason_and_is_logged(street, log_in):
    address = reverse("console:sealed", args=["person", street.person.pk, "id_no"])
    for role, area in (("worker", COMMUNITY), ("county", "440106")):
        assert log_in(role, area).post(address, {"reason": "to call"}).status_code == 403
    clerk = log_in()
    assert ID_NO not in clerk.get(address).content.decode()
    assert clerk.post(address, {"reason": " "}).status_code == 400
    assert not disclosed()
    assert ID_NO in clerk.post(address, {"reason": "checks the certificate"}).content.decode()
    (logged,) = disclosed()
    assert (logged.act, logged.object_type, logged.facts["columns"]) == (
        "reveal",
        "person",
        ["id_no"],
    )
    assert (logged.reason, logged.area_code) == ("checks the certificate", COMMUNITY)
    log = clerk.get("/disclosures").content.decode()
    assert "checks the certificate" in log
    assert ID_NO not in log


def test_only_sealed_columns_of_my_area_have_something_behind_them(street, log_in):
    client, everywhere = log_in(), log_in("administrator", "")
    for asking, ledger, row, column in (
        (client, "person", street.foreign_person, "id_no"),
        (client, "person", street.person, "sex"),
        (everywhere, "visit", street.person, "id_no"),
    ):
        address = reverse("console:sealed", args=[ledger, row.pk, column])
        assert asking.post(address, {"reason": "curious"}).status_code == 404
    assert not disclosed()


def test_restricted_columns_and_categories_need_the_role(street, log_in):
    pages = [
        reverse("console:person", args=[street.person.pk]),
        reverse("console:household", args=[street.household.pk]),
        reverse("console:cases"),
    ]
    clerk, trusted = log_in("street", STREET), log_in("street", STREET, "restricted")
    assert "political" not in clerk.get(pages[0]).content.decode()
    assert "political" in trusted.get(pages[0]).content.decode()
    for page in pages:
        assert ">disabled<" not in clerk.get(page).content.decode(), page
        assert ">disabled<" in trusted.get(page).content.decode(), page
    LedgerException.objects.filter(pk=street.exception.pk).update(column="disability")
    for page in ("/exceptions", pages[0], pages[1]):
        assert "disability" not in clerk.get(page).content.decode(), page
        assert "disability" in trusted.get(page).content.decode(), page
    settling = reverse("console:settle", args=[street.exception.pk])
    assert clerk.post(settling, {"reason": "seen"}).status_code == 404


def test_an_exception_is_settled_with_a_note(street, log_in):
    client = log_in()
    address = reverse("console:settle", args=[street.exception.pk])
    assert "conflicting values" in client.get("/exceptions").content.decode()
    assert client.post(address, {"reason": ""}).status_code == 400
    answer = client.post(address, {"reason": "saw the diploma"}, follow=True).content.decode()
    assert "saw the diploma" in answer
    assert "No open exceptions" in answer
    assert "saw the diploma" in client.get("/exceptions?open=false").content.decode()


def test_an_exception_leads_to_the_record_that_raised_it(street, log_in):
    """An entity block that names nothing, or a record that says nothing, has no entry to open."""
    from server.ledgers.definitions.ordinals import CLAIMS, PER_VERSION
    from server.ledgers.models import LedgerException

    for number, submission in enumerate((street.submission, street.foreign_submission)):
        LedgerException.objects.create(
            kind="entity_fault", family="visit", entry=uuid4(), area_code=COMMUNITY,
            contribution=submission.current_version_id * PER_VERSION + CLAIMS, opened_at=AT,
            detail={"list": "households", "verdict": ("hard", "soft")[number], "columns": ["room"]},
        )  # fmt: skip
    client = log_in()
    address = reverse("console:submission", args=[street.submission.pk])
    foreign = reverse("console:submission", args=[street.foreign_submission.pk])
    page = client.get("/exceptions").content.decode()
    assert f'href="{address}"' in page
    assert foreign not in page, "it lies in another street"
    exception = LedgerException.objects.get(detail__verdict="hard")
    client.post(reverse("console:settle", args=[exception.pk]), {"reason": "seen"})
    assert f'href="{address}"' in client.get("/exceptions?open=false").content.decode()
    answer = client.get(f"/api/v1/exceptions/{exception.pk}/").json()
    assert answer["submission"] == street.submission.instance_id
    answer = client.get(f"/api/v1/exceptions/{street.exception.pk}/").json()
    assert answer["submission"] is None


@pytest.mark.parametrize("name", ["households", "cases", "employers"])
def test_what_forms_disagree_about_is_called_by_its_column(name):
    from server.console.exception_sentences import property_label
    from server.ledgers.entity_lists.claims import COMPUTED
    from server.ledgers.entity_lists.lists import LISTS
    from server.ledgers.entity_lists.versions import CALENDAR_COLUMNS

    for column in (
        set(LISTS[name].columns)
        - COMPUTED[name]
        - CALENDAR_COLUMNS
        - {"name", "label", "__version"}
    ):
        assert property_label(name, column) != column
    assert property_label("employers", "label") == "单位名称"


def test_a_possible_duplicate_is_decided_as_a_desk_act(street, log_in):
    from server.ledgers.models import DeskAct, LedgerException, Person

    twin = Person.objects.create(**entry(COMMUNITY, name="陈大文1"))
    duplicate = LedgerException.objects.create(
        kind="possible_duplicate", family="person", entry=street.person.pk, other=twin.pk,
        contribution=9, area_code=COMMUNITY, opened_at=twin.observed_at,
    )  # fmt: skip
    client = log_in()
    settle = reverse("console:settle", args=[duplicate.pk])
    assert settle in client.get("/exceptions").content.decode()
    assert "Not the same" in client.get(settle).content.decode()
    answer = client.post(
        settle, {"reason": "born in different years", "resolution": "not_same"}, follow=True
    )
    assert reverse("console:reopen", args=[duplicate.pk]) in answer.content.decode()
    act = DeskAct.objects.get()
    assert (act.kind, act.reason) == ("not_same", "born in different years")
    assert {act.entry, act.other} == {street.person.pk, twin.pk}
    IdentityKey.objects.create(family="person", key=twin.pk, entry=twin.pk)
    undo = reverse("console:undo", args=[act.pk])
    page = reverse("console:person", args=[twin.pk])
    assert undo in client.get(page).content.decode()
    assert undo not in log_in("county", "440106").get(page).content.decode()
    assert log_in("county", "440106").post(undo).status_code == 403
    assert log_in("street", "440106005").post(undo).status_code == 404
    assert "undone" in client.post(undo).content.decode()
    assert client.post(undo).status_code == 409
    assert "born in different years" not in client.get(page).content.decode()


def test_what_does_not_fit_is_told_in_words(street, log_in):
    from server.ledgers.models import Household

    elsewhere = Household.objects.create(**entry("440106005001", address="邻街2号"))
    for number, (kind, family, of, column, detail) in enumerate(
        [
            ("location_mismatch", "visit", street.person, "area_code", {}),
            ("location_mismatch", "visit", street.person, "loc", {"metres": 2224, "allowed": 326}),
            ("bad_id", "person", street.person, "id_no", {}),
            ("illegal_move", "person", street.person, "case.state", {}),
            ("entity_conflict", "household", street.household, "", {
                "verdict": "hard", "list": "households",
                "columns": ["label", "address", "geometry", "members"]}),
            ("two_hukou_households", "person", street.person, "household", {
                "households": [str(street.household.pk), str(elsewhere.pk)]}),
        ]
    ):  # fmt: skip
        LedgerException.objects.create(
            kind=kind, family=family, entry=of.pk, column=column, detail=detail,
            contribution=100 + number, area_code=COMMUNITY, opened_at=of.observed_at,
        )  # fmt: skip
    client = log_in()
    text = client.get("/exceptions").content.decode()
    for sentence in (
        "outside the community that the form names",
        "located 2224 m from the dwelling; up to 326 m",
        "ID number: the check digit",
        "state of the case: a source reports a change",
        "last list: Title, address, place (WGS 84)",
        "棠荫路1号",
        "one in another area",
    ):
        assert sentence in text, sentence
    assert str(elsewhere.pk) not in text
    page = client.get(reverse("console:household", args=[street.household.pk])).content.decode()
    assert "棠荫路1号</a>, one in another area" in page
    assert "case.state" not in page


def test_a_cases_facts_are_told_in_words(street, log_in):
    street.case.five_clear = {"family": "0", "reason": "02", "training": ["09"], "skills": "电工"}
    street.case.followup = [{"months": 1, "due_on": "2026-10-01", "done_on": None}]
    street.case.save()
    text = log_in().get(reverse("console:case", args=[street.case.pk])).content.decode()
    assert "after 1 months: due 2026-10-01" in text
    assert "电工" in text
    assert not [raw for raw in ("family：", "reason：", "training：09", "months：") if raw in text]

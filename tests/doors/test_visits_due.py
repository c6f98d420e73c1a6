"""The visits due and overdue, over REST and in the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from server.core.clock import today
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.doors.test_permits import limit
from tests.factories.console import entry

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/visits/due/"
DAY = timedelta(days=1)


def at(days: int) -> datetime:
    """Noon at the office, so many days from today."""
    day = today() + days * DAY
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@pytest.fixture
def due(street, make_user):
    """One visit due of each plan, overdue to far ahead, in two communities and of two workers."""
    from server.ledgers.models import (
        AssistanceCase,
        Employer,
        Household,
        LedgerException,
        Person,
        Retiree,
        Visit,
    )

    AssistanceCase.objects.all().delete()
    Person.objects.update(visit_due=None)
    xu = make_user("xu", role="worker", area=OTHER_COMMUNITY)
    home = Household.objects.create(**entry(COMMUNITY, hh_no="h1", address="棠荫路9号", room="101"))
    people = {
        name: Person.objects.create(**entry(area, name=name, person_status="1", **values))
        for name, area, values in (
            ("甲新", COMMUNITY, {"household": home}),
            ("乙在", COMMUNITY, {}),
            ("丙安", OTHER_COMMUNITY, {}),
            ("丁失", COMMUNITY, {"visit_due": today() + 20 * DAY, "linked_worker": xu}),
            ("戊老", COMMUNITY, {}),
            ("己老", COMMUNITY, {}),
            ("远方", OTHER_STREET_COMMUNITY, {"visit_due": today()}),
        )
    }

    def case(area, state, days, *, opened, last=None, worker=street.worker, **subject):
        return AssistanceCase.objects.create(
            **entry(area, state=state, next_due=today() + days * DAY, linked_worker=worker,
                    opened_on=today() + opened * DAY, last_visit=last and today() + last * DAY,
                    **subject)
        )  # fmt: skip

    case(COMMUNITY, "1", -3, opened=-10, subject_person=people["甲新"])
    case(COMMUNITY, "6", 0, opened=-90, last=-40, subject_person=people["乙在"])
    case(OTHER_COMMUNITY, "7", 1, opened=-60, worker=xu, subject_person=people["丙安"])
    case(COMMUNITY, "6", 5, opened=-90, last=-25, subject_household=home)
    case(COMMUNITY, "9", -30, opened=-90, subject_person=people["丁失"])
    for name, special in (("戊老", ["5"]), ("己老", [])):
        Retiree.objects.create(
            **entry(COMMUNITY, person=people[name], state="1", special=special,
                    retired_on=today() - 900 * DAY)
        )  # fmt: skip
        Visit.objects.create(
            **entry(COMMUNITY, person=people[name], outcome="1", visited_at=at(-20))
        )
    Employer.objects.update(is_main=None)
    Employer.objects.create(
        **entry(COMMUNITY, name="甲厂", is_main=True, last_confirmed_on=today() - 91 * DAY)
    )
    Employer.objects.create(**entry(COMMUNITY, name="停厂", is_main=True, change="5"))
    for days, outcome in ((-9, "3"), (-8, "8"), (-7, "3"), (-6, "4")):
        Visit.objects.create(
            **entry(COMMUNITY, person=people["甲新"], outcome=outcome, visited_at=at(days))
        )
    LedgerException.objects.create(
        kind="not_met", family="person", entry=people["甲新"].pk, contribution=1,
        area_code=COMMUNITY, opened_at=at(-7),
    )  # fmt: skip
    return people


def rows(client, **query):
    return client.get(ADDRESS, query).json()["results"]


def test_each_plan_has_its_day_and_its_reason(due, asking):
    shown = rows(asking("street"))
    assert [(row["plan"], row["name"], row["is_overdue"]) for row in shown] == [
        ("new_case", "甲新", True),
        ("employer", "甲厂", True),
        ("case", "乙在", False),
        ("follow_up", "丙安", False),
        ("case", "棠荫路9号 101", False),
        ("retired_special", "戊老", False),
        ("registered", "丁失", False),
        ("retired", "己老", False),
    ]
    days = [row["due_on"] for row in shown]
    assert days == [
        (today() + number * DAY).isoformat() for number in (-3, -1, 0, 1, 5, 10, 20, 160)
    ]
    first, firm, kept, *_rest = shown
    assert first["reason"] == (
        "first visit within 7 days of a person with a new case, not visited yet,"
        " 3 attempts without contact"
    )
    assert (first["attempts"], bool(first["exception"])) == (3, True)
    assert first["address"] == "棠荫路9号 101"
    assert firm["reason"].startswith("visit every 90 days of a main employer")
    last = (today() - 40 * DAY).isoformat()
    assert kept["reason"] == f"visit every 30 days of a person with a case, last visited {last}"
    promised = shown[4]["reason"]
    assert promised.startswith("visit every 30 days of a household with a case")
    in_chinese = rows(asking("street", area=COMMUNITY, language="zh-hans"))
    assert in_chinese[0]["reason"].endswith("，3 次未见到人")


def test_visits_due_are_narrowed_and_walked_by_place(due, asking, django_assert_max_num_queries):
    client = asking("street")
    names = [row["name"] for row in rows(client)]
    query = {
        "area": (OTHER_COMMUNITY, {"丙安"}),
        "worker": (due["丁失"].linked_worker_id, {"丙安", "丁失"}),
        "unassigned": ("true", {"甲厂", "戊老", "己老"}),
        "overdue": ("true", {"甲新", "甲厂"}),
        "plan": ("retired,retired_special", {"戊老", "己老"}),
        "due_to": (today().isoformat(), {"甲新", "甲厂", "乙在"}),
        "due_from": ((today() + 20 * DAY).isoformat(), {"丁失", "己老"}),
    }
    for name, (value, expected) in query.items():
        assert {row["name"] for row in rows(client, **{name: value})} == expected, name
    walked, address = [], f"{ADDRESS}?page_size=3"
    while address:
        with django_assert_max_num_queries(15):
            page = client.get(address).json()
        walked += [row["name"] for row in page["results"]]
        address = page["next"]
    assert walked == names
    for bad in ("cursor=x", "cursor=2026-11-01.x", "page=2", "page_size=0", "overdue=maybe"):
        body = assert_problem(client.get(f"{ADDRESS}?{bad}"), "invalid-query", 400)
        assert [error["pointer"] for error in body["errors"]] == [f"#/{bad.split('=')[0]}"]


def test_attempts_count_again_after_a_visit_that_was_made(due, asking):
    from server.ledgers.models import Visit

    home = due["甲新"].household
    Visit.objects.create(**entry(COMMUNITY, household=home, outcome="2", visited_at=at(-8)))
    (first,) = rows(asking("street"), overdue="true", plan="new_case")
    assert (first["attempts"], first["last_visit"]) == (1, (today() - 8 * DAY).isoformat())


def test_another_street_sees_its_own_alone(due, asking):
    shown = rows(asking("street", area=OTHER_STREET_COMMUNITY[:9]))
    assert [row["name"] for row in shown] == ["远方"]
    assert "丙安" not in [row["name"] for row in rows(asking("worker", area=COMMUNITY))]


def test_the_page_lists_reasons_and_links_the_supervisors_exception(
    due, log_in, django_assert_max_num_queries
):
    client = log_in()
    with django_assert_max_num_queries(26):
        text = client.get("/visits/due").content.decode()
    assert re.findall(r'<a href="/persons/[^"]+">(..)</a>', text) == [
        "甲新", "乙在", "丙安", "戊老", "丁失", "己老",
    ]  # fmt: skip
    assert f'href="/exceptions?open=true&amp;entry={due["甲新"].pk}"' in text
    assert text.count("supervisor asked") == 1
    assert text.count('class="badge bad">overdue<') == 2
    empty = log_in("street", STREET[:6] + "099").get("/visits/due").content.decode()
    assert "No visit is due" in empty


def test_a_month_counts_each_day_and_leads_to_its_list(due, log_in, django_assert_max_num_queries):
    client, day = log_in(), today() - 3 * DAY
    with django_assert_max_num_queries(13):
        text = client.get(f"/visits/due?month={day:%Y-%m}&worker=").content.decode()
    (address,) = re.findall(rf'\?([^"]*due_from={day}[^"]*)"', text)
    shown = client.get("/visits/due?" + address.replace("&amp;", "&")).content.decode()
    assert shown.count("<tr data-href=") == 1
    assert "甲新" in shown
    for text in ("2026-13", "x", "0001-01", "9999-12"):
        assert "甲新" in client.get(f"/visits/due?month={text}").content.decode()


def test_a_visit_to_the_home_counts_for_the_retired_person_who_lives_there(due, asking):
    """As for the last visit that the row shows; a visit to another member does not count."""
    from server.ledgers.models import Household, Person, Visit

    home = Household.objects.filter(area_code=COMMUNITY).first()
    Person.objects.filter(name="己老").update(household=home)
    for days, person in ((-3, None), (-2, due["甲新"])):
        Visit.objects.create(
            **entry(COMMUNITY, household=home, person=person, outcome="1", visited_at=at(days))
        )
    (row,) = [row for row in rows(asking("street")) if row["name"] == "己老"]
    assert row["last_visit"] == (today() - 3 * DAY).isoformat()
    assert row["due_on"] == (today() + 177 * DAY).isoformat()


def test_a_retired_person_and_an_employer_are_due_by_the_rules_in_force(due, asking):
    """The last visit is out of date, and without a visit the day of retirement or confirmation counts."""
    from server.ledgers.models import Employer, Person, Retiree, Visit

    Visit.objects.all().delete()
    Retiree.objects.filter(special=[]).update(transferred_in_on=today() - 181 * DAY)
    Retiree.objects.exclude(special=[]).update(retired_on=today() - 30 * DAY)
    Employer.objects.filter(name="甲厂").update(last_confirmed_on=today() - 89 * DAY)
    client = asking("street")
    query = {"plan": "retired,retired_special,employer"}
    ahead = [
        (row["name"], (datetime.fromisoformat(row["due_on"]).date() - today()).days)
        for row in rows(client, **query)
    ]
    assert ahead == [("己老", -1), ("戊老", 0), ("甲厂", 1)]
    assert [row["name"] for row in rows(client, **query, overdue="true")] == ["己老"]
    Person.objects.filter(name="己老").update(person_status="3")
    Retiree.objects.exclude(special=[]).update(state="3")
    assert [row["name"] for row in rows(client, **query)] == ["甲厂"]


def test_the_day_sheet_has_a_workers_doors_from_the_nearest_to_the_nearest(
    due, street, log_in, django_assert_max_num_queries
):
    from server.ledgers.models import AssistanceCase, Household, Person

    client = log_in()
    for name, lon in (("甲新", 113.30), ("远些", 113.33), ("近些", 113.31), ("无处", None)):
        place = f"SRID=4326;POINT({lon} 23.1)" if lon else None
        home = Household.objects.create(
            **entry(COMMUNITY, hh_no=name, address=f"{name}街1号", loc=place)
        )
        if name == "甲新":
            Person.objects.filter(name=name).update(household=home)
            continue
        person = Person.objects.create(
            **entry(COMMUNITY, name=name, person_status="1", household=home, id_no="449901199001011234")
        )  # fmt: skip
        AssistanceCase.objects.create(
            **entry(COMMUNITY, state="6", next_due=today(), linked_worker=street.worker,
                    opened_on=today() - 90 * DAY, subject_person=person)
        )  # fmt: skip
    sheet = f"/visits/due/{street.worker.pk}/day-sheet?due_to={today()}"
    narrowed = client.get(f"/visits/due?worker={street.worker.pk}").content.decode()
    assert f'href="{sheet}"' in narrowed
    assert "/day-sheet" not in client.get("/visits/due").content.decode()
    with django_assert_max_num_queries(25):
        text = client.get(sheet).content.decode()
    order = re.findall(r'<p class="whom">(..) ', text)
    assert order[:3] == ["甲新", "近些", "远些"]
    assert sorted(order[3:]) == sorted(["乙在", "无处"])
    assert text.count('class="note"') == 5
    assert "4499" not in text
    assert "丙安" not in text
    empty = client.get(sheet.replace(f"{today()}", "2020-01-01")).content.decode()
    assert "No visit of this worker is due" in empty


def test_the_day_sheet_refuses_a_bad_day_and_knows_no_worker_elsewhere(due, street, log_in):
    sheet = f"/visits/due/{street.worker.pk}/day-sheet"
    answer = log_in().get(f"{sheet}?due_to=2026-13-01")
    assert answer.status_code == 400
    assert "The day is not valid" in answer.content.decode()
    assert log_in().get("/visits/due/999999/day-sheet").status_code == 404
    assert log_in("street", OTHER_STREET_COMMUNITY[:9]).get(sheet).status_code == 404


def test_the_board_has_a_column_for_each_worker_and_one_for_nobody(
    due, street, log_in, django_assert_max_num_queries
):
    client = log_in()
    with django_assert_max_num_queries(25):
        text = client.get("/visits/due?board=1").content.decode()
    columns = re.split(r'<section class="board-column" data-column="', text)[1:]
    cards = {column.split('"')[0]: re.findall(r"<strong>([^<]+)</strong>", column) for column in columns}  # fmt: skip
    assert cards[str(street.worker.pk)] == ["甲新", "乙在", "棠荫路9号 101"]
    assert cards[str(due["丁失"].linked_worker_id)] == ["丙安", "丁失"]
    assert "draggable" in text
    assert (
        "draggable" not in log_in("worker", COMMUNITY).get("/visits/due?board=1").content.decode()
    )


def test_a_week_counts_workers_and_communities_and_its_numbers_lead_to_their_lists(
    due, log_in, django_assert_max_num_queries
):
    from server.ledgers.models import AssistanceCase

    AssistanceCase.objects.filter(area_code=OTHER_COMMUNITY).update(next_due=today())
    client = log_in()
    with django_assert_max_num_queries(18):
        text = client.get(f"/visits/due?week={today() + 7 * DAY}").content.decode()
    monday = today() + 7 * DAY - (today().weekday()) * DAY
    counts = {"before": 0, "in": 0}
    for row in rows(client):
        day = datetime.fromisoformat(row["due_on"]).date()
        counts["before"] += day < monday
        counts["in"] += monday <= day < monday + 7 * DAY
    sums = re.findall(r'<a href="\?([^"]+)"><strong>(\d+)</strong>', text)
    half = sum(int(number) for _query, number in sums)
    assert half == 2 * (counts["before"] + counts["in"])
    for query, number in sums:
        listed = client.get("/visits/due?" + query.replace("&amp;", "&")).content.decode()
        assert listed.count('name="entry"') == int(number)
    chips = re.findall(r'<a class="badge brand" href="\?([^"]+)">[^<]+ (\d+)</a>', client.get("/visits/due").content.decode())  # fmt: skip
    assert len(chips) == 2
    for query, number in chips:
        listed = client.get("/visits/due?" + query.replace("&amp;", "&")).content.decode()
        assert listed.count('name="entry"') == int(number)


def test_a_community_has_a_day_sheet_with_heads_masked_phones_and_what_was_agreed(
    due, street, log_in, django_assert_max_num_queries
):
    from server.core.sealing import seal_text
    from server.ledgers.models import Household, Person, Visit

    home = Household.objects.get(hh_no="h1")
    head = Person.objects.create(
        **entry(COMMUNITY, name="户主", household=home, phone=seal_text("02000001234", "phone"))
    )
    Household.objects.filter(pk=home.pk).update(head_person=head)
    Person.objects.filter(name="甲新").update(phone=seal_text("02000005678", "phone"))
    Visit.objects.create(
        **entry(COMMUNITY, person=due["甲新"], outcome="1", visited_at=at(-4),
                next_visit_on=today(), findings="等电话02000005678", needs=["01"])
    )  # fmt: skip
    client = log_in()
    listed = client.get(f"/visits/due?area={COMMUNITY}").content.decode()
    sheet = f"/visits/due/day-sheet?area={COMMUNITY}&due_to={today() + 5 * DAY}"
    assert "/visits/due/day-sheet?area=" in listed
    with django_assert_max_num_queries(25):
        text = client.get(sheet).content.decode()
    assert set(re.findall(r'<p class="whom">(.*?) ·', text)) == {"甲新", "甲厂", "乙在", "户主"}
    assert "Head of household: 户主" in text
    assert f"Last agreed: {today()}" in text
    assert "02000005678" not in text
    assert re.search(r"Phone: 0\S*\*", text)
    chosen = re.findall(r'name="entry" value="([^"]+)"', text)
    assert len(chosen) >= 2
    given = {"entry": chosen, "reason": "约定明天的走访时间"}
    from server.audit.models import Act, AuditEntry

    for bad in ("", "xx"):
        assert client.post("/visits/due/call-list", {**given, "reason": bad}).status_code in (
            400,
            422,
        )
    assert not AuditEntry.objects.filter(act=Act.REVEAL).exists()
    shown = client.post("/visits/due/call-list", given).content.decode()
    assert {"02000005678", "02000001234"} <= set(
        re.findall(r"<strong class=\"code\">(\d+)</strong>", shown)
    )
    logged = AuditEntry.objects.filter(act=Act.REVEAL)
    assert {(one.reason, tuple(one.facts["columns"])) for one in logged} == {
        (given["reason"], ("phone",))
    }
    assert len(logged) == shown.count('<strong class="code">')
    assert log_in("worker", COMMUNITY).post("/visits/due/call-list", given).status_code == 403
    stranger = log_in("street", OTHER_STREET_COMMUNITY[:9])
    assert "0200000" not in stranger.post("/visits/due/call-list", given).content.decode()
    assert client.post("/visits/due/call-list", {**given, "entry": ["x"]}).status_code == 404
    for bad in (
        "",
        "?area=x",
        f"?area={COMMUNITY}&due_to=2026-13-01",
        f"?area={COMMUNITY}&overdue=x",
    ):
        assert client.get(f"/visits/due/day-sheet{bad}").status_code == 400, bad


def test_a_call_list_ends_where_the_days_limit_is_reached_and_says_so(due, log_in, monkeypatch):
    from server.audit.models import Act, AuditEntry
    from server.core.sealing import seal_text
    from server.ledgers.models import AssistanceCase, Person

    Person.objects.filter(name__in=("甲新", "乙在")).update(phone=seal_text("02000005678", "phone"))
    limit(monkeypatch, "reveals_a_day", 1)
    cases = AssistanceCase.objects.filter(subject_person__name__in=("甲新", "乙在"))
    given = {"entry": [case.pk for case in cases], "reason": "约定明天的走访时间"}
    answer = log_in().post("/visits/due/call-list", given)
    text = answer.content.decode()
    assert answer.status_code == 429
    assert text.count('<strong class="code">') == 1
    assert "which is as often as one person may" in text
    assert AuditEntry.objects.filter(act=Act.REVEAL).count() == 1

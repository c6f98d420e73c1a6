"""The rule table as data: who changes a rule from a day on, what the ledgers make of it, and taking it back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from server.accounts.access import access_of
from server.accounts.models import RoleGrant, User
from server.audit.models import Act, AuditEntry
from server.core import clock
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.rule_keys import RULE_KEYS, Changer
from server.ledgers.folding.derive.rules import Rule, rules
from server.ledgers.models import Person, RuleValue
from server.ledgers.problems import RuleNotYours
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.services import change_rule, refold_due
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.rules import make_people

pytestmark = pytest.mark.django_db
RULES = "/api/v1/rules/"
JSON = "application/json"
DAY = timedelta(days=1)
NOT_OF_THE_FOLD = {"row_version", "web_point", "refold_on"}


@pytest.fixture
def people(divisions, make_user):
    """Two men who seek work, 56 and 51 years old at least, and a child."""
    return make_people(make_user)


def rule(**changes: Any) -> dict[str, Any]:
    given = {"key": "older.m", "area": "440106000000", "value": "53", "since": "2025-01-01"}
    return given | {"reason": "区文件〔2026〕8号"} | changes


def rows() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (ledger, str(row["id"])): {
            name: value for name, value in row.items() if name not in NOT_OF_THE_FOLD
        }
        for ledger, model in LEDGERS.items()
        for row in model._default_manager.values()
    }


def fold(as_of: date | None = None) -> None:
    while refold_due(as_of=as_of or clock.today()):
        pass


def differences() -> list[Any]:
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda _done, _of: None)
    return report.differences


def test_applying_changes_what_the_preview_named_and_withdrawing_brings_all_back(people, asking):
    client = asking("administrator", area="")
    before = rows()
    unrestricted = client.post(f"{RULES}preview/", rule(), JSON).json()
    assert "category" not in str(unrestricted)  # a code of it may be restricted
    RoleGrant.objects.create(
        user=User.objects.get(username="administrator-"), role="restricted", area="440106"
    )
    foreseen = client.post(f"{RULES}preview/", rule(), JSON).json()
    assert "category" in str(foreseen)
    assert rows() == before
    assert not RuleValue.objects.exists()
    made = client.post(RULES, rule(), JSON)
    assert made.status_code == 201, made.content
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where queueing_lock = 'refold_due'")
        assert cursor.fetchone() == (1,)
    fold()
    after = rows()
    changed = {
        entry: sorted(name for name in row if row[name] != before[entry][name])
        for entry, row in after.items()
        if entry in before and row != before[entry]
    }
    named = {(item["ledger"], item["id"]): item["columns"] for item in foreseen["sample"]}
    assert ("person", str(people[1].pk)) in named
    copied = ["assisted_categories"]  # from the cases to their households
    assert {entry: names for entry, names in changed.items() if names != copied} == {
        entry: names for entry, names in named.items() if names
    }
    assert before.keys() ^ after.keys() == {entry for entry, names in named.items() if not names}
    assert foreseen["changed"] == len(named)
    assert differences() == []
    again = client.post(f"{RULES}{made.json()['id']}/withdraw/", {"reason": "写错了"}, JSON)
    assert again.json()["withdrawn_by"] == "administrator-"
    fold()
    assert rows() == before
    assert differences() == []
    acts = AuditEntry.objects.filter(act=Act.RULE).order_by("pk")
    assert [(act.reason, act.facts["withdrawn"]) for act in acts] == [
        ("区文件〔2026〕8号", False),
        ("写错了", True),
    ]
    assert_problem(
        client.post(f"{RULES}{made.json()['id']}/withdraw/", {"reason": "x"}, JSON),
        "rule-withdrawn",
        409,
    )


def test_a_rule_holds_from_its_first_day_until_the_day_it_ends(people, asking):
    client, first = asking("administrator", area=""), clock.today() + 3 * DAY
    end = first + 2 * DAY
    days = {"since": first.isoformat(), "until": end.isoformat()}
    assert client.post(RULES, rule(area=COMMUNITY, **days), JSON).status_code == 201
    flags = {}
    for day in (first - DAY, first, end - DAY, end, end + DAY):
        fold(day)
        flags[day] = Person.objects.get(pk=people[1].pk).is_4050
    assert list(flags.values()) == [True, False, False, True, True]
    assert Person.objects.get(pk=people[0].pk).is_4050  # older than either age


def test_what_was_known_before_a_rule_was_decided_is_judged_without_it(people, asking):
    client = asking("administrator", area="")
    instant = clock.now()
    assert client.post(RULES, rule(area=""), JSON).status_code == 201
    fold()
    address = f"/api/v1/persons/{people[1].pk}/"
    asked = {"as_of": clock.today().isoformat()}
    assert client.get(address).json()["is_4050"] is False
    assert client.get(address, asked).json()["is_4050"] is False
    known = client.get(address, asked | {"known_by": instant.isoformat()})
    assert known.json()["is_4050"] is True
    assert "53" in client.get(f"{address}why/").content.decode()


def test_the_nearest_area_and_the_latest_decision_win(divisions, asking):
    client = asking("administrator", area="")
    for area, value in (("", "41"), ("440106000000", "42"), ("440106000000", "43")):
        assert client.post(RULES, rule(area=area, value=value), JSON).status_code == 201

    def standing(area: str, on: str) -> Any:
        listed = client.get(RULES, {"area": area, "on": on}).json()
        return next(item for item in listed if item["key"] == "older.m")

    here = standing("440106003000", "2025-01-01")
    assert (here["value"], here["shipped"], len(here["history"])) == ("43", "50", 3)
    assert "43" in here["in_words"]
    assert here["clause"]
    assert here["purpose"] == "categories"
    assert standing("440106", "2024-12-31")["value"] == "50"
    assert standing("4403", "2025-01-01")["value"] == "41"
    latest = here["history"][0]["id"]
    client.post(f"{RULES}{latest}/withdraw/", {"reason": "撤回"}, JSON)
    assert standing(STREET, "2025-01-01")["value"] == "42"


def test_who_may_not_decide_is_told_who_may(divisions, asking):
    street, next_street = asking("street"), asking("street", area="440106005")
    own = rule(key="visit_attempts", value="5", area="440106003001")
    made = street.post(RULES, own, JSON)
    assert made.status_code == 201
    chief = asking("administrator")  # of the street
    worker, county = asking("worker"), asking("county", area="440106")
    for client, given in (
        (street, rule()),
        (street, rule(area="440106003000")),
        (chief, rule(area="440106003000")),
        (chief, rule(key="reveals_a_day", value="90", area="440106003000")),
        (next_street, own),
        (worker, own),
        (county, own),
        (asking("administrator", area=""), rule(key="office_digits", value="6", area="")),
    ):
        for address in (RULES, f"{RULES}preview/"):
            answer = client.post(address, given, JSON)
            assert_problem(answer, "rule-not-yours", 403)
            assert given["key"] in answer.json()["detail"]
    withdraw = f"{RULES}{made.json()['id']}/withdraw/"
    assert_problem(worker.post(withdraw, {"reason": "x"}, JSON), "rule-not-yours", 403)
    assert_problem(next_street.post(withdraw, {"reason": "x"}, JSON), "no-such-rule", 404)
    assert_problem(street.post(withdraw, {"reason": " "}, JSON), "act-reason-missing", 422)
    seen = str(next_street.get(RULES).json())
    assert "区文件" not in seen
    assert "区文件" in str(street.get(RULES).json())
    assert RuleValue.objects.get().withdrawn_at is None


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"value": "fifty"}, 422, "30 to 65"),
        ({"value": "29"}, 422, "30 to 65"),
        ({"value": "66"}, 422, "30 to 65"),
        ({"value": "50 51"}, 422, "30 to 65"),
        ({"key": "visit_due.placed_months", "value": "3 1"}, 422, "larger than the one before"),
        ({"key": "category_set", "value": "C"}, 422, "A (set A of 2005)"),
        ({"key": "category_hukou", "value": "4x"}, 422, "leading digits"),
        ({"since": "2004-12-31"}, 422, "2005-01-01"),
        ({"until": "2025-01-01"}, 422, "first day"),
        ({"area": "449999000000"}, 422, "no division"),
        ({"area": "天河"}, 422, "no division"),
        ({"key": "older.x"}, 404, "list of rules"),
        ({"since": "soon"}, 400, ""),
        ({"reason": ""}, 422, "reason"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(divisions, asking, changes, status, words):
    answer = asking("administrator", area="").post(RULES, rule(**changes), JSON)
    assert answer.status_code == status
    assert words in str(answer.json())
    assert not RuleValue.objects.exists()


def test_every_key_of_the_shipped_table_says_what_it_is():
    shipped = rules().all
    assert {line.key for line in shipped} == set(RULE_KEYS)
    for line in shipped:
        known = RULE_KEYS[line.key]
        assert known.fitting(f" {line.value} ") == line.value
        assert known.in_words(line.value)
        assert known.takes
        assert set(known.families) <= set(LEDGERS)


def test_staff_preview_change_and_take_back_a_rule_on_its_pages(people, make_user, client):
    client.force_login(make_user("clerk"))
    listed = client.get("/rules").content.decode()
    assert "连续几次未见到人即上报" in listed
    assert 'href="/rules"' in client.get("/").content.decode()
    assert "key=visit_attempts" in listed
    assert "key=older.m" not in listed  # decided by the province
    address = "/rules/change?key=visit_due.candidate"
    given = {"area": STREET, "value": "2", "since": "2025-01-01", "until": ""}
    shown = client.post(address, given).content.decode()
    assert "会有哪些变动" in shown
    assert not RuleValue.objects.exists()
    assert client.post(address, given | {"value": "soon"}).status_code == 422
    assert client.post(address, given | {"since": ""}).status_code == 400
    assert client.post(address, given | {"reason": " "}).status_code == 422
    assert client.post(address, given | {"reason": "年底攻坚"}).status_code == 302
    value = RuleValue.objects.get()
    listed = client.get("/rules").content.decode()
    assert "年底攻坚" in listed
    assert "2 天" in listed
    assert f"/rules/{value.pk}/withdraw" in listed
    assert "会有哪些变动" in client.get(f"/rules/{value.pk}/withdraw").content.decode()
    assert client.post(f"/rules/{value.pk}/withdraw", {"reason": "结束"}).status_code == 302
    assert client.get(f"/rules/{value.pk}/withdraw").status_code == 409
    assert "已撤回" in client.get("/rules").content.decode()
    assert "由别的单位决定" in client.get("/rules/change?key=older.m").content.decode()
    assert client.get("/rules/change?key=none").status_code == 404


def test_every_rule_but_those_of_releases_is_decided_and_queued(people, make_user):
    access = access_of(make_user("root", role="administrator", area=""))
    for key in RULE_KEYS.values():
        value = rules().of_key(key.key)[-1].value
        same = Rule(key.key, COMMUNITY, date(2025, 1, 1), None, value)
        if key.changer is Changer.RELEASE:
            with pytest.raises(RuleNotYours):
                change_rule(same, reason="核对", access=access, at=clock.now())
        else:
            change_rule(same, reason="核对", access=access, at=clock.now())
    before = rows()
    fold()
    assert rows() == before  # the values are those of the shipped table

"""No address of any door gives back what is masked: a number in every text, a day of birth that only some may see."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from server.core.clock import now
from server.core.sealing import seal_document, seal_text
from server.ledgers.definitions.columns import Kind, Reading, columns_of
from server.ledgers.definitions.ledgers import LEDGERS
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.addresses import every_address
from tests.factories.console import DOCUMENT, attach
from tests.factories.permits import permitted
from tests.factories.samples import QUERIES, every_sample

pytestmark = pytest.mark.django_db

TYPED = "449901197001011234"
MOBILE = "13" + "0" * 9
WRITTEN = {
    "id": TYPED,
    "15 digits": "449901700101123",
    "spaced": "449901 19700101 1234",
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in TYPED),
    "mobile": MOBILE,
    "mobile in groups": f"{MOBILE[:3]} {MOBILE[3:7]} {MOBILE[7:]}",
    "behind letters": f"tel{MOBILE}",
}
OWN = "449901196503121279"
BIRTH = date(1965, 3, 12)
DAYS = ("1965-03-12", "19650312", "650312", "03-12", OWN[10:], OWN[-4:])


def typed_everywhere() -> None:
    """Write all these numbers into every text of every ledger, record and note, and one into a file's name."""
    from server.ledgers.models import LedgerException, Person
    from server.submissions.models import Comment, ReviewDecision, Submission, SubmissionVersion

    said = "；".join(f"问 {number} 即可" for number in WRITTEN.values())
    for model in LEDGERS.values():
        texts = {
            column.name: said
            for column in columns_of(model).values()
            if column.kind is Kind.TEXT
            and not column.computed
            and column.reads is not Reading.USCC
            and column.name != "case_no"
        }
        model._default_manager.update(**texts)
    LEDGERS["case"]._default_manager.update(five_clear={"skills": said})
    LedgerException.objects.update(resolution=said, detail={"said": said})
    Person.objects.update(birth_date=BIRTH, id_no=seal_text(OWN, "id_no"))
    document = DOCUMENT.replace("陈大文", said)
    assert said in document
    SubmissionVersion.objects.update(document=seal_document(document.encode()), device_id=MOBILE)
    for submission in Submission.objects.filter(current_version__isnull=False):
        by = {"submission": submission, "user": submission.submitter, "at": now()}
        ReviewDecision.objects.create(**by, state="has_issues", reason=said)
        Comment.objects.create(**by, body=said)
        attach(submission, f"{TYPED}.jpg", b"no picture")


MADE_UP = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}")
"""Random uuids and digests, in which four digits of a number may stand by chance."""


def bodies(samples: dict[str, str], clients: dict[str, Client]) -> dict[str, str]:
    """Address → the body of its answer to GET, for every address that answers this person with one."""
    answers = {}
    for address in every_address():
        path = address.filled(samples)
        prefix = next(prefix for prefix in clients if path.startswith(prefix))
        query = QUERIES.get(path.rsplit("/", 2)[-2 if path.endswith("/") else -1], "")
        response = clients[prefix].generic("GET", path + query, secure=True)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if response.status_code < 300:
            answers[address.template] = MADE_UP.sub("", body.decode(errors="replace"))
    return answers


@pytest.fixture
def samples(divisions, make_user) -> dict[str, str]:
    return every_sample(make_user)


@pytest.fixture
def clients(make_user, asking):
    """clients(role) → whom each door takes as a user of that role, by the beginning of the address."""

    def of(role: str) -> dict[str, Client]:
        basic = asking(role, area="440106")
        session = Client(headers={"accept-language": "en"})
        from server.accounts.models import User

        session.force_login(User.objects.get(username=f"{role}-440106"))
        return {"/api": basic, "/v1": basic, "/odk": basic, "/key": Client(), "": session}

    return of


RAW = frozenset({"/api/v1/submissions/%(instance_id)s/xml/"})
"""What those who may reveal get for a reason, one record at a time."""


@pytest.mark.parametrize("role", ["worker", "county", "street"])
def test_what_is_masked_stands_at_no_address(samples, clients, role):
    """Numbers typed into any text, for anybody; days of birth, for who may not reveal."""
    from server.ledgers.models import AssistanceCase

    typed_everywhere()
    AssistanceCase.objects.update(
        category=["B01"],
        opened_on=date(2015, 3, 12),
        closed_on=date(2028, 3, 12),
        close_reason="2",
        history={
            "category": [["2015-03-12", ["B01"], None, "conditions"]],
            "state": [["2015-03-12", "1", None, "conditions"], ["2028-03-12", "9", None, "ended"]],
        },
    )
    answers = bodies(samples, clients(role))
    assert len(answers) > 60
    numbers = [number.removeprefix("tel") for number in WRITTEN.values()]
    leaks = {
        (address, secret)
        for address, body in answers.items()
        for secret in (*numbers, *(() if role == "street" else DAYS))
        if secret in body and not (address in RAW and role == "street")
    }
    assert leaks == set()
    if role == "street":
        assert "1965-03-12" in answers["/persons/%(entry)s"]
    else:
        assert "1965" in answers["/persons/%(entry)s"]
        assert "2015-03" in answers["/cases/%(entry)s"]
        assert '"from_on":"2015-03-01"' in answers["/api/v1/cases/%(id)s/history/"]
    masked = [body for body in answers.values() if "问 4499**************" in body]
    assert len(masked) > 20, "the texts are shown, with their numbers masked"


def test_programs_of_staff_get_a_ledger_whole_with_a_permit(street, asking):
    from server.audit.models import AuditEntry
    from server.ledgers.models import Person

    Person.objects.update(birth_date=BIRTH, id_no=seal_text(OWN, "id_no"))
    client, lists = asking(), "/api/v1/persons/"
    assert "1965-03-12" not in client.get(lists).content.decode()
    permit = permitted(f"street-{STREET}", "person", kind="ledger")
    row = client.get(lists).json()["results"][0]
    assert (row["birth_date"], row["id_no"], row["masked"]) == ("1965-03-12", OWN, [])
    assert client.get(f"{lists}{street.person.pk}/").json() == row
    recorded = AuditEntry.objects.filter(act="export")
    assert [entry.facts["permit"] for entry in recorded] == [[permit.pk]] * 2


def test_neither_filter_nor_order_nor_search_tells_what_is_masked(street, asking):
    from server.ledgers.models import Person

    Person.objects.update(birth_date=BIRTH)
    county, staff = asking("county", area=COMMUNITY), asking("street", area=COMMUNITY)

    def count(client: Client, query: str) -> int:
        return client.get(f"/api/v1/persons/?{query}").json()["count"]

    for client in (county, staff):  # programs of staff, too
        for day in ("1965-01-01", "1965-03-12", "1965-03-13", "1965-12-31"):
            assert count(client, f"birth_date_from={day}") == 1
            assert count(client, f"birth_date_to={day}") == 1
        assert count(client, "birth_date_from=1966-01-01") == 0
        assert count(client, "birth_date_to=1964-12-31") == 0
    other = Person.objects.exclude(pk=street.person.pk).get()
    Person.objects.filter(pk=other.pk).update(area_code=COMMUNITY, birth_date=date(1965, 1, 2))
    orders = [
        [row["id"] for row in county.get(f"/api/v1/persons/?ordering={by}").json()["results"]]
        for by in ("birth_date", "-birth_date")
    ]
    assert orders[0] == orders[1]  # within a year, by the key
    Person.objects.filter(pk=street.person.pk).update(name=f"电话{MOBILE}，502房")
    for start in range(len(MOBILE) - 2):
        for end in range(start + 3, len(MOBILE)):
            assert count(county, f"search={MOBILE[start:end]}") == 0
    assert count(county, "search=502") == 1


def test_typed_numbers_and_days_are_revealed_for_a_reason(street, asking):
    from server.ledgers.models import Person

    Person.objects.update(birth_date=BIRTH, skills=f"找 {TYPED}")
    path = f"/api/v1/persons/{street.person.pk}/"
    staff = asking("street")
    assert {"skills", "birth_date", "id_no"} <= set(staff.get(path).json()["masked"])
    body = {"columns": ["skills", "birth_date"], "reason": "核对出生日期"}
    revealed = staff.post(f"{path}reveal/", body, "application/json").json()
    assert revealed == {"skills": f"找 {TYPED}", "birth_date": "1965-03-12"}


def test_a_file_with_a_number_in_its_name_is_fetched_by_its_masked_name(street, asking):
    from server.core.masking import mask_numbers

    attach(street.submission, f"{TYPED}.jpg", b"a picture")
    staff = asking("street")
    listed = [file["name"] for file in staff.get("/api/v1/submissions/uuid:1/attachments/").json()]
    assert mask_numbers(f"{TYPED}.jpg") in listed
    path = f"/api/v1/submissions/uuid:1/attachments/{mask_numbers(TYPED)}.jpg/"
    assert staff.get(path).getvalue() == b"a picture"


def test_the_same_place_is_not_open_to_who_may_not_reveal(street, asking):
    path = f"/api/v1/persons/{street.person.pk}/reveal/"
    body = {"columns": ["birth_date"], "reason": "核对出生日期"}
    county = asking("county", area=STREET)
    assert_problem(county.post(path, body, "application/json"), "ledger-act-not-allowed", 403)

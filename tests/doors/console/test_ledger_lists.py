"""The lists of the ledgers as tables: order, columns, pages, paper, files."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from server.audit.models import AuditEntry
from tests.conftest import COMMUNITY
from tests.factories.console import ID_NO, PHONE, entry

pytestmark = pytest.mark.django_db


def names(text: str) -> list[str]:
    """The first cell of each row."""
    return re.findall(
        r'<tr data-href="[^"]+">(?:<td class="check[^>]*>.*?</td>)?<td[^>]*><a [^>]*>([^<]*)</a>',
        text,
    )


def link(text: str, rel: str) -> str:
    [address] = re.findall(rf'<a rel="{rel}" href="\?([^"]+)"', text)
    return address.replace("&amp;", "&")


@pytest.fixture
def crowd(street):
    """120 persons of a community, every seventh without a date of birth."""
    from server.ledgers.models import Person

    rows = [
        Person(**entry(COMMUNITY, name=f"p{number:03}", edu=str(number % 3 * 10 + 10),
                       birth_date=None if number % 7 == 0 else date(1970, 1, 1) + timedelta(number)))
        for number in range(120)
    ]  # fmt: skip
    Person.objects.bulk_create(rows)
    return street


def test_every_page_is_reached_forwards_and_backwards(crowd, log_in):
    client = log_in()
    seen: list[str] = []
    address = "sort=birth_date&search=p"
    while address:
        text = client.get(f"/persons?{address}").content.decode()
        seen += names(text)
        address = link(text, "next") if 'rel="next"' in text else ""
    assert len(seen) == len(set(seen)) == 120
    assert all(int(name[1:]) % 7 == 0 for name in seen[-18:]), "those without a date come last"
    backwards: list[str] = []
    address = "sort=birth_date&search=p&last=1"
    while address:
        text = client.get(f"/persons?{address}").content.decode()
        backwards = names(text) + backwards
        address = link(text, "prev") if 'rel="prev"' in text else ""
    assert backwards == seen
    falling = names(client.get("/persons?sort=-name&search=p").content.decode())
    assert falling == sorted(seen, reverse=True)[:50]


def test_a_place_tells_nothing_and_one_that_is_gone_is_the_beginning(crowd, log_in):
    client = log_in()
    text = client.get("/persons").content.decode()
    assert re.fullmatch(r"after=[0-9a-f-]{36}", link(text, "next"))
    gone = client.get("/persons?after=00000000-0000-4000-8000-000000000000")
    assert names(gone.content.decode()) == names(text)
    assert client.get("/persons?after=nonsense&sort=nonsense&columns=x").status_code == 200


def test_columns_are_chosen_and_none_that_hides_its_values_is_sorted_by(street, log_in):
    client = log_in()
    text = client.get("/persons?columns=name,phone&columns=edu").content.decode()
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]+)', text)
    assert [head.strip() for head in heads if head.strip()] == ["name", "education", "phone"]
    assert PHONE not in text
    assert 'href="?columns=name%2Cphone&amp;columns=edu&amp;sort=edu"' in text
    assert "sort=phone" not in text
    assert "sort=disability" not in client.get("/persons?columns=disability").content.decode()


def test_paper_has_the_title_the_filters_and_the_day(street, log_in):
    text = log_in().get("/persons?is_4050=true").content.decode()
    head = re.search(r'<div class="print-only print-head">(.*?)</div>', text, re.DOTALL).group(1)
    assert "4050" in head
    assert "yes" in head
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", head)


def test_a_list_is_downloaded_as_it_is_shown_masked_and_recorded(crowd, log_in):
    from server.ledgers.models import Person

    Person.objects.filter(name="p001").update(name='=HYPERLINK("x")')
    client = log_in()
    address = "/ledgers/persons/file/{}?columns=name,id_no,birth_date&sort=name"
    assert client.get(address.format("csv")).status_code == 405
    answer = client.post(address.format("csv"))
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(rows) == 1 + Person.objects.filter(area_code__startswith="440106003").count()
    assert len(rows[0]) == 3
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    assert ID_NO not in str(rows)
    assert "4499**************" in str(rows)
    record = AuditEntry.objects.latest("id")
    assert (record.act, record.object_type) == ("export", "person")
    assert record.facts["rows"] == len(rows) - 1
    book = load_workbook(io.BytesIO(b"".join(client.post(address.format("xlsx")))))
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    lines = [[str(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
    assert len(lines) == len(rows)
    assert ID_NO not in str(lines)


def test_a_permit_lets_the_rows_of_its_area_out_whole(street, log_in):
    from server.accounts.access import access_of
    from server.accounts.models import User
    from server.disclosure.services import request_permit

    client = log_in()
    user = User.objects.get(pk=client.session["_auth_user_id"])
    permit = request_permit(
        user=user, access=access_of(user), kind="ledger", name="person",
        area=COMMUNITY, reason="年度核查需要", days=1,
    )  # fmt: skip
    answer = client.post("/ledgers/persons/file/csv?columns=name,id_no")
    assert ID_NO in b"".join(answer).decode()
    assert AuditEntry.objects.latest("id").facts["permit"] == [permit.pk]
    assert ID_NO not in client.get("/persons?columns=name,id_no").content.decode()


def test_a_file_that_would_be_too_long_is_refused_in_words(crowd, log_in, monkeypatch):
    from server.console import listing

    monkeypatch.setitem(listing.MOST_ROWS, "xlsx", 100)
    answer = log_in().post("/ledgers/persons/file/xlsx")
    assert answer.status_code == 400
    assert "at most 100 rows" in answer.content.decode()
    bad = log_in().post("/ledgers/persons/file/csv?is_4050=maybe")
    assert bad.status_code == 400


def test_the_named_views_of_the_domain_are_tabs(street, log_in):
    text = log_in().get("/persons?view=unemployed").content.decode()
    assert "view=new-entrants" in text
    assert re.search(r'href="\?view=unemployed" aria-current="page"', text)

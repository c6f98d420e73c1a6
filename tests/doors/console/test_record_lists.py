"""The lists of records and accounts as tables: pages to the last one, columns, files, saved views, who may open them."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest

from server.audit.models import AuditEntry
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.factories.console import make_submission

pytestmark = pytest.mark.django_db
LISTS = ("submissions", "exceptions", "people", "field-accounts", "audit", "disclosures")


def lines_of(answer) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode().lstrip("\ufeff"))))


def titles(text: str) -> list[str]:
    return re.findall(r'<a href="/submissions/\d+">([^<]*)</a>', text)


@pytest.fixture
def crowd(street):
    for number in range(119):
        make_submission(
            street.form, street.worker, COMMUNITY, f"uuid:crowd{number}", title=f"t{number:03}"
        )
    return street


def test_every_record_is_reached_forwards_backwards_and_by_old_links(crowd, log_in):
    client = log_in()
    seen: list[str] = []
    address = "sort=title"
    while address:
        text = client.get(f"/submissions?{address}").content.decode()
        seen += titles(text)
        found = re.search(r'<a rel="next" href="\?([^"]+)"', text)
        address = html.unescape(found[1]) if found else ""
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen)
    last = client.get("/submissions?sort=title&last=1").content.decode()
    assert titles(last) == seen[-50:]
    assert titles(client.get("/submissions?ordering=-title").content.decode()) == seen[:-51:-1]
    assert titles(client.get("/submissions?sort=title&page=3").content.decode()) == seen[100:]
    assert titles(client.get("/submissions?sort=title&page=9").content.decode()) == seen[-50:]
    for place in ("after=x", "before=99999999999999999999", "after=0", "page=-1", "page=x"):
        assert titles(client.get(f"/submissions?sort=title&{place}").content.decode()) == seen[:50]


@pytest.mark.parametrize("name", LISTS)
def test_a_file_is_the_view_and_is_recorded(street, log_in, name):
    client = log_in("administrator", STREET)
    page = client.get(f"/{name}")
    named = [str(column.label) for column in page.context["state"].columns if column.is_in_files]
    head, *lines = lines_of(client.post(f"/ledgers/{name}/file/csv"))
    assert head == named
    assert len(lines) - len(page.context["page"].rows) in (0, 1), "the log's own file is in itself"
    entry = AuditEntry.objects.filter(act="export").latest("id")
    assert entry.facts["columns"] == [
        column.name for column in page.context["state"].columns if column.is_in_files
    ]
    assert not any("<div" in cell or "<a " in cell for line in lines for cell in line)
    with_all = "&".join(f"columns={column.name}" for column in page.context["table"].columns)
    again = client.get(f"/{name}?{with_all}")
    assert len(again.context["state"].columns) == len(page.context["table"].columns)
    for columns in (with_all, "columns=acts"):
        book = client.post(f"/ledgers/{name}/file/xlsx?{columns}")
        assert book.status_code == 200
        assert b"".join(book).startswith(b"PK")


@pytest.mark.parametrize("name", LISTS)
def test_files_and_views_open_for_whom_the_page_opens(street, log_in, name):
    for role in ("worker", "street", "county", "administrator", "restricted"):
        client = log_in(role, COMMUNITY if role == "worker" else STREET)
        status = client.get(f"/{name}").status_code
        assert status in (200, 403)
        assert client.get(f"/ledgers/{name}/views").status_code == status, role
        assert client.post(f"/ledgers/{name}/file/csv").status_code == status, role


def test_a_file_has_no_rows_of_other_areas(street, log_in, make_user):
    make_submission(street.form, street.worker, "440106005001", "uuid:far", title="far away")
    make_submission(street.form, street.worker, OTHER_COMMUNITY, "uuid:near", title="near by")
    text = str(lines_of(log_in().post("/ledgers/submissions/file/csv?search=a")))
    assert "far away" not in text
    assert "near by" in text


def test_answers_are_columns_of_one_form_on_the_page_and_in_the_file(street, log_in):
    client = log_in()
    page = client.get("/submissions?form=household_survey")
    offered = [column.name for column in page.context["table"].columns if column.name[0] == "/"]
    assert offered
    path = offered[0]
    shown = client.get(f"/submissions?form=household_survey&columns=title,{path}")
    label = str(shown.context["state"].columns[-1].label)
    assert label in shown.content.decode()
    head, *lines = lines_of(
        client.post(f"/ledgers/submissions/file/csv?form=household_survey&columns=title,{path}")
    )
    assert head == ["Title", label]
    assert [line[1] for line in lines] == [cells[1][1] for _row, cells in shown.context["lines"]]
    assert client.get(f"/submissions?columns=title,{path}").status_code == 200, "of all forms"


def test_resolved_exceptions_stay_in_view_while_columns_are_chosen(street, log_in):
    text = log_in().get("/exceptions?open=").content.decode()
    assert '<input type="hidden" name="open" value="">' in text
    assert "Nothing waits" not in text


def test_a_view_of_records_is_saved_and_opened(street, log_in):
    client = log_in()
    answer = client.post(
        "/ledgers/submissions/views?columns=title&sort=-title&search=x&page=2", {"title": "最新"}
    )
    assert answer.url == "/submissions?columns=title&sort=-title"
    menu = client.get("/ledgers/submissions/views").content.decode()
    number = re.search(r"/saved-views/(\d+)/delete", menu)
    assert client.post(f"/saved-views/{number[1]}/delete").url == "/submissions"

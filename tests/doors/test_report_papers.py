"""Reports as PDF for signature: the numbers of the table, what is signed, one page's width, no other font."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from server.ledgers.services import merge_submissions
from server.reports.definitions.periods import period_named
from server.reports.definitions.registry import REPORTS
from server.reports.facts.keeping import keep_up_entirely
from server.reports.paper import as_pdf, blocks_of, texts_of
from server.reports.selectors import table
from tests.conftest import COMMUNITY, STREET
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
AREA = STREET.ljust(12, "0")
_A4 = (595, 842)


@pytest.fixture
def clerk(divisions, make_user):
    """Somebody of a street in whose first community a household lives."""
    people = [
        member("陈一", id_no=id_number("1980-01-01", 1), hukou_type="10", emp_status="10", work_capacity="1"),
        member("李二", id_no=id_number("1985-01-01", 2), hukou_type="20", emp_status="20", work_capacity="1"),
    ]  # fmt: skip
    survey = store(
        street(1, people),
        version=make_versions()["survey"],
        submitter=make_user("zhang", role="worker", area=COMMUNITY),
        instance_id=f"uuid:{uuid_of('survey')}",
    )
    merge_submissions(submission_ids=[survey.pk], as_of=date(2026, 11, 23))
    keep_up_entirely()
    return make_user("li")


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_the_paper_of_each_report_holds_its_numbers_in_order_and_is_a4(clerk):
    from server.accounts.access import access_of

    for code, report in REPORTS.items():
        counted = table(access_of(clerk), code, area=AREA, period=period_named("2026Q1"))
        with translation.override("zh-hans"):
            content = as_pdf(counted, "李丽")
            numbers = texts_of(blocks_of(counted))
        pages = PdfReader(BytesIO(content)).pages
        sizes = {tuple(sorted((round(p.mediabox.width), round(p.mediabox.height)))) for p in pages}
        assert sizes == {_A4}, code
        words = text_of(content).split()
        place = 0
        for number in numbers:
            if number:
                place = words.index(number, place) + 1
        text = "".join(words)
        for part in (
            report.title.zh,
            "石牌街道",
            "2026Q1",
            "李丽",
            "填报单位(盖章)",
            f"1/{len(pages)}",
        ):
            assert part.replace(" ", "") in text, (code, part)


def test_the_doors_give_the_paper_and_nothing_of_another_street(clerk):
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(clerk)
    asked = {"area": AREA, "period": "2026Q1"}
    api = client.get("/api/v1/reports/R2/", {**asked, "format": "pdf"})
    page = client.get("/reports/paper", {"report": "R2", **asked})
    for answer in (api, page):
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'attachment; filename="R2-{AREA}-2026Q1.pdf"'
        assert "劳动力资源" in text_of(answer.content)
    assert "/reports/paper?" in client.get("/reports", {"report": "R2", **asked}).content.decode()
    elsewhere = {"area": "440106005000", "period": "2026Q1", "format": "pdf"}
    assert client.get("/api/v1/reports/R2/", elsewhere).status_code == 404

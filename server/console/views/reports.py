"""Reports: the table of a division and period, its sheet, and the entries behind each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from server.audit.services import record_list
from server.console.forms import checked
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.clock import today
from server.core.spreadsheets import XLSX_TYPE
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.reports import selectors
from server.reports.annexes import annex_of, names_of
from server.reports.counting import TOTAL, Gap
from server.reports.definitions.indicators import Grain, Indicator
from server.reports.definitions.periods import LATEST_START, period_named, quarter_before
from server.reports.definitions.registry import REPORTS
from server.reports.definitions.tables import Rate
from server.reports.facts.received import number_of_record
from server.reports.filings import filing_of, may_prepare
from server.reports.forms import Cell, forms_of
from server.reports.paper import PDF_TYPE, as_pdf
from server.reports.selectors import Behind, Table
from server.reports.sheets import about, as_xlsx, file_name
from server.reports.sheets import rows_of as rows_of_table

_MANY_COLUMNS: Final = 20
"""A report with more columns is shown with a line for each."""
_YEARS_BACK: Final = 3


class AskForm(forms.Form):
    """Which report, of which division and period."""

    report = forms.ChoiceField(label=_("Report"))
    area = forms.ChoiceField(label=_("Area"))
    period = forms.CharField(
        label=_("Period"), widget=forms.TextInput(attrs={"list": "periods", "size": 9})
    )
    starts_on = forms.IntegerField(
        label=_("Begins on day"), min_value=1, max_value=LATEST_START, required=False
    )

    def __init__(self, data: Any, *, access: Any) -> None:
        super().__init__(data)
        kinds = [(item.code, f"{item.code} {item.title}") for item in REPORTS.values()]
        self.fields["report"].choices = kinds  # type: ignore[attr-defined]
        self.offer_areas(access)

    def offer_areas(self, access: Any) -> None:
        """Let the reader choose among the divisions of which reports may be read."""
        self.fields["area"].choices = [  # type: ignore[attr-defined]
            (division.code, str(division)) for division in selectors.areas_to_report(access)
        ]


@dataclass(frozen=True, slots=True)
class Number:
    """A cell: its text, and where the entries behind it are listed; "" for none."""

    head: str  # of its column, where a narrow page has no heads
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table on the page."""

    heading: str  # of the lines from here on; "" where it goes on
    name: str
    title: str
    numbers: list[Number]
    is_total: bool


@staff_page()
def reports(request: StaffRequest) -> HttpResponse:
    """A report, by default the first for the reader's area and the last quarter that is over."""
    form = _asked(request)
    context: dict[str, Any] = {"form": form, "periods": list(periods_to_choose(today()))}
    if form.is_valid():
        table = _table(request, form.cleaned_data)
        filing = filing_of(request.access, table.report.code, table.area, table.period)
        context |= {
            **as_shown(table),
            "filing": filing,
            "may_prepare": filing is None and may_prepare(request.access, table.area),
            "gaps": [
                (gap, table.labels.get(gap.row, gap.row), _behind_gap(gap)) for gap in table.gaps
            ],
            "sheet": f"{reverse('console:report-sheet')}?{_query(table)}",
            "paper": f"{reverse('console:report-paper')}?{_query(table)}",
        }
    return render(request, "console/reports/table.html", context)


def as_shown(table: Table) -> dict[str, Any]:
    """What the template of a table needs; numbers as known at another time lead nowhere."""
    is_turned = table.report.width > _MANY_COLUMNS
    return {
        "table": table,
        "about": list(about(table)),
        "is_turned": is_turned,
        "heads": _areas_as_heads(table) if is_turned else _columns_as_heads(table),
        "lines": list(_turned(table) if is_turned else _straight(table)),
        "forms": [
            (
                form.title,
                form.heads,
                [
                    Line("", name, "", _cells(table, form.heads, cells), False)
                    for name, cells in form.lines
                ],
            )
            for form in forms_of(table)
        ],
    }


def _cells(table: Table, heads: Sequence[str], cells: Sequence[Cell]) -> list[Number]:
    """The numbers of a line of a prescribed table, each leading to its entries."""
    return [
        _number(table, TOTAL, cell.column, cell.number, head)
        if cell.column
        else Number(head, "", "")
        for head, cell in zip(heads, cells, strict=True)
    ]


@staff_page()
def sheet(request: StaffRequest) -> HttpResponse:
    """The report as a workbook. Raises BadPeriod, NoSuchReport."""
    table = _table(request, checked(_asked(request)))
    name = file_name(table, "xlsx")
    return HttpResponse(
        as_xlsx(table, str(request.user), annex_of(request.access, request.user, table)),
        XLSX_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@staff_page()
def paper(request: StaffRequest) -> HttpResponse:
    """The report as PDF for signature. Raises BadPeriod, NoSuchReport."""
    table = _table(request, checked(_asked(request)))
    return as_paper(request, table)


def as_paper(
    request: StaffRequest, table: Table, signer: str = "", digest: str = ""
) -> HttpResponse:
    """The answer that holds a table as PDF; without a signer the reader has prepared it."""
    name = file_name(table, "pdf")
    return HttpResponse(
        as_pdf(table, signer or str(request.user), digest),
        PDF_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@staff_page()
def entries(request: StaffRequest) -> HttpResponse:
    """The entries behind a number. Raises BadPeriod, NoSuchReport, NoSuchCell, OnlyWholeMonths."""
    asked = checked(_asked(request))
    report = selectors.report_named(asked["report"])
    row, column = request.GET.get("row", ""), request.GET.get("column", "")
    period = period_named(asked["period"], asked["starts_on"] or 1)
    behind = selectors.entries_behind(
        request.access, report.code, area=asked["area"], period=period, row=row, column=column
    )
    record_list(
        actor=request.user,
        of=next((item.ledger for item in behind.shown), ""),
        area=asked["area"],
        rows=len(behind.shown),
        last_row=len(behind.shown),
        facts={"filters": [report.code, column]},
    )
    indicator = next(item for item in report.indicators() if item.name == column)
    query = urlencode(_kept(report.code, asked["area"], period.name, period.starts_on))
    return render(
        request,
        "console/reports/entries.html",
        {
            "report": report,
            "indicator": indicator,
            "period": period,
            "behind": behind,
            "rows": _named(request, behind.shown),
            "areas": area_names(
                [asked["area"], *(code for item in behind.shown for code in [item.area_code])]
            ),
            "area": asked["area"],
            "back": f"{reverse('console:reports')}?{query}",
        },
    )


def _asked(request: StaffRequest) -> AskForm:
    """What is asked for; where nothing is, the first report of the widest area of the reader."""
    data = request.GET.dict()
    if not data:
        areas = selectors.areas_to_report(request.access)
        data = {
            "report": next(iter(REPORTS)),
            "area": areas[0].code if areas else "",
            "period": quarter_before(today()).name,
        }
    return AskForm({"starts_on": "1", **data}, access=request.access)


def _table(request: StaffRequest, asked: dict[str, Any]) -> Table:
    period = period_named(asked["period"], asked["starts_on"] or 1)
    return selectors.table(request.access, asked["report"], area=asked["area"], period=period)


def periods_to_choose(day: date) -> Iterator[str]:
    """Names to choose from: quarters, months and years, the latest first."""
    period = quarter_before(day)
    for _back in range(_YEARS_BACK * 4):
        yield period.name
        period = period.before
    month = period_named(f"{day:%Y-%m}")
    for _back in range(12):
        yield month.name
        month = month.before
    yield from (str(day.year - back) for back in range(_YEARS_BACK))


def _kept(code: str, area: str, period: str, starts_on: int) -> dict[str, Any]:
    return {"report": code, "area": area, "period": period, "starts_on": starts_on}


def _query(table: Table, **more: str) -> str:
    period = table.period
    asked = _kept(table.report.code, table.area, period.name, period.starts_on)
    return urlencode({**asked, **more})


def _number(table: Table, row: str, column: Indicator | Rate, number: Any, head: object) -> Number:
    if isinstance(column, Rate):
        text = "—" if number is None else f"{number:.2f}" if column.has_decimals else str(number)
        return Number(str(head), text, "")
    if not number or table.scope.known_by is not None or isinstance(number, str):
        return Number(str(head), "—" if number is None else str(number), "")
    query = _query(table, row=row, column=column.name)
    return Number(str(head), str(number), f"{reverse('console:report-entries')}?{query}")


def _columns_as_heads(table: Table) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (str(group.label), [(str(item.label), str(item.words)) for item in group.columns])
        for group in table.report.groups
    ]


def _areas_as_heads(table: Table) -> list[str]:
    return [name for _key, name, _numbers in rows_of_table(table)]


def _straight(table: Table) -> Iterator[Line]:
    """A line for each row of the report."""
    columns = list(table.report.columns())
    for key, name, numbers in rows_of_table(table):
        cells = [
            _number(table, key, column, number, column.label)
            for column, number in zip(columns, numbers, strict=True)
        ]
        yield Line("", name, key, cells, key == "total")


def _turned(table: Table) -> Iterator[Line]:
    """A line for each column of the report, under the headings of its groups."""
    rows = list(rows_of_table(table))
    place = 0
    for group in table.report.groups:
        heading = str(group.label)
        for column in group.columns:
            cells = [
                _number(table, key, column, numbers[place], name) for key, name, numbers in rows
            ]
            yield Line(heading, str(column.label), str(column.words), cells, is_total=False)
            heading, place = "", place + 1


def _named(request: StaffRequest, shown: Sequence[Behind]) -> list[tuple[Behind, str, str]]:
    """Each fact with what people call the entry, and its page."""
    names = names_of(request.access, shown)
    return [
        (item, names.get(item.entry, item.entry[:8]), address_of(item.ledger, item.entry))
        for item in shown
    ]


def address_of(ledger: str, entry: str) -> str:
    """The page of an entry; "" where what facts are about has none."""
    if ledger == Grain.FIGURE:
        return ""
    if ledger == Grain.RECEIVED:
        return reverse("console:submission", args=(number_of_record(entry),))
    if ledger in ("person", "household", "case"):
        return reverse(f"console:{ledger}", args=(entry,))
    return reverse("console:entry", args=(DEFINITIONS[ledger].path, entry))


def _behind_gap(gap: Gap) -> list[tuple[str, str]]:
    return [(entry[:8], address_of(gap.ledger, entry)) for entry in gap.entries[:10]]

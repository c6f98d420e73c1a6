"""The audit log: what was done in the areas that the user administers and what the user did; as a page and as CSV."""

from __future__ import annotations

import csv
from itertools import chain

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from server.accounts import selectors as accounts
from server.accounts.access import ADMINISTRATORS, common_prefix
from server.accounts.filters import AuditFilters
from server.audit.models import Act, AuditEntry
from server.audit.services import record
from server.console import acts
from server.console.account_lists import audit_list
from server.console.listing import render_listing
from server.console.pages import StaffRequest, staff_page
from server.console.problems import FormFieldsWrong
from server.core.spreadsheets import Echo, inert

MOST_LINES = 100_000
"""The most lines of one CSV; the newest ones."""


@staff_page()
def audit(request: StaffRequest) -> HttpResponse:
    """The acts that the user may see, newest first."""
    return render_listing(
        request,
        audit_list(request),
        subtitle=_("who did what, when, from where and why"),
        below="console/audit/_whole.html",
    )


@staff_page("POST")
def audit_csv(request: StaffRequest) -> StreamingHttpResponse:
    """The same rows as CSV, at most MOST_LINES; the export is recorded. Raises FormFieldsWrong for a bad filter.

    By POST, because a link could fetch it (decision 0240); the filters stand in the address.
    """
    filterset = _filtered(request)
    if filterset.errors:
        name, faults = next(iter(filterset.errors.items()))
        raise FormFieldsWrong(field=filterset.form.fields[name].label, message=faults[0])
    last = filterset.qs.values_list("pk", flat=True).first()
    rows = filterset.qs.filter(pk__lte=last or 0)[:MOST_LINES]  # without this export's own line
    record(
        Act.EXPORT,
        actor=request.user,
        object_type="audit",
        area=common_prefix(request.access.areas(ADMINISTRATORS) or request.access.areas()),
        facts={"rows": rows.count(), "filters": sorted(set(filterset.filters) & set(request.GET))},
    )
    lines = csv.writer(Echo())
    header = [
        _("Number"), _("When"), _("User name"), _("Name"), _("By way of"), _("Address"),
        _("Program or phone"), _("What"), _("Kind of object"), _("Object"), _("Area"), _("Reason"),
        _("Details"), _("Hash"),
    ]  # fmt: skip
    body = (lines.writerow(map(inert, _cells(row))) for row in rows.iterator(2000))
    response = StreamingHttpResponse(
        chain(["\ufeff", lines.writerow(header)], body), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _filtered(request: StaffRequest) -> AuditFilters:
    return AuditFilters(request.GET, accounts.audit_entries(request.access), access=request.access)


def _cells(row: AuditEntry) -> list[object]:
    return [
        row.position,
        f"{localtime(row.at):%Y-%m-%d %H:%M:%S}",
        row.actor_name,
        row.actor.name if row.actor else "",
        row.door_label,
        row.address,
        row.device,
        row.act_label,
        acts.kind_of_object(row.object_type),
        row.object_id,
        row.area_code,
        row.reason,
        acts.details(row),
        bytes(row.hash or b"").hex(),
    ]

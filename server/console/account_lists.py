"""The lists of people, of workers with their phones, of the audit log and of disclosures as tables (decision 0384)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts import selectors
from server.accounts.access import ADMINISTRATORS, REVIEWERS
from server.accounts.filters import AuditFilters, PersonFilters, WorkerFilters
from server.accounts.models import Role, User
from server.audit.models import DISCLOSURES, Act, AuditEntry
from server.console import acts
from server.console.listing import Listing
from server.console.pages import StaffRequest, area_names
from server.console.presentation import minute
from server.console.tables import Reading, Table, TableColumn, state_of, whole_number
from server.console.templatetags.acts import act_in_words, object_in_words
from server.console.templatetags.console import area_label
from server.core.keyset import Key
from server.core.labels import facts, listed
from server.ledgers.entity_lists.lists import MAX_ROWS
from server.ledgers.selectors import households_by_area, is_crowded
from server.quarantine.selectors import count_refused


def people_list(request: StaffRequest) -> Listing:
    """The people who hold a role in the areas that the reader administers."""
    every = selectors.people(request.access)
    filterset = PersonFilters(request.GET, every, access=request.access.held_as(ADMINISTRATORS))
    table = Table(
        _PEOPLE, (Key("username"),), lambda row: reverse("console:user", args=[row.pk]),
        key=whole_number,
    )  # fmt: skip

    def read(rows: Sequence[User], reading: Reading) -> Reading:
        held = {row.pk: selectors.administered_grants(reading.access, row) for row in rows}
        names = _names(grant.area for grants in held.values() for grant in grants)
        return Reading(reading.access, names, more={"grants": held})

    return _listing(
        request, "people", _("People and roles"), table, filterset, read,
        shows=("area", "role", "active", "search"),
    )  # fmt: skip


def workers_list(request: StaffRequest) -> Listing:
    """The workers of the reader's areas with their phones."""
    every = selectors.manageable_workers(request.access)
    filterset = WorkerFilters(request.GET, every, access=request.access.held_as(REVIEWERS))
    table = Table(_WORKERS, (Key("username"),), lambda row: "", key=whole_number)

    def read(rows: Sequence[User], reading: Reading) -> Reading:
        count_refused(rows)
        held = {row.pk: _work(row) for row in rows}
        former = {row.pk: selectors.former_work(reading.access, row) for row in rows}
        households = households_by_area(area for areas in held.values() for area in areas)
        more = {
            "held": held,
            "former": former,
            "crowded": {pk for pk, areas in held.items() if is_crowded(areas, households)},
            "request": request,
        }
        before = (was.area for former_areas in former.values() for was in former_areas)
        names = _names([*(area for areas in held.values() for area in areas), *before])
        return Reading(reading.access, names, more=more)

    return _listing(
        request, "field-accounts", _("Field accounts"), table, filterset, read,
        shows=("area", "search"),
    )  # fmt: skip


def audit_list(request: StaffRequest) -> Listing:
    """The acts that the reader may see, newest first."""
    every = selectors.audit_entries(request.access)
    filterset = AuditFilters(request.GET, every, access=request.access)
    table = Table(AUDIT, (Key("id", falls=True),), lambda row: "", key=whole_number)
    return _listing(
        request, "audit", _("Audit log"), table, filterset, _read_acts,
        shows=("actor", "act", "object_id", "area", "at_from", "at_to"),
    )  # fmt: skip


def disclosures_list(request: StaffRequest) -> Listing:
    """The acts of the reader's areas by which somebody got to see what is protected, newest first."""
    every = selectors.disclosures(request.access)
    filterset = AuditFilters(request.GET, every, access=request.access)
    offered = [(act.value, act.label) for act in Act if act in DISCLOSURES]
    filterset.form.fields["act"].widget.choices = [("", _("All")), *offered]  # type: ignore[attr-defined]
    order = (Key("at", falls=True), Key("id", falls=True))
    table = Table(_DISCLOSURES, order, lambda row: "", key=whole_number)
    return _listing(
        request, "disclosures", _("Disclosure log"), table, filterset, _read_acts,
        shows=("actor", "act", "area", "at_from", "at_to"),
    )  # fmt: skip


def _listing(
    request: StaffRequest,
    name: str,
    title: str,
    table: Table,
    filterset: Any,
    read: Any,
    *,
    shows: Any,
) -> Listing:
    return Listing(
        name=name,
        path=name,
        address=reverse(f"console:{name}"),
        title=title,
        table=table,
        state=state_of(table, request.GET),
        filterset=filterset,
        rows=filterset.qs.order_by(),
        read=read,
        shows=shows,
    )  # fmt: skip


def _names(prefixes: Any) -> dict[str, str]:
    """The names of divisions by their whole code."""
    return area_names(prefix.ljust(12, "0") for prefix in prefixes if prefix)


def _read_acts(rows: Sequence[AuditEntry], reading: Reading) -> Reading:
    return Reading(reading.access, _names(row.area_code for row in rows))


def _work(row: User) -> list[str]:
    return [grant.area for grant in row.grants.all() if grant.role == Role.WORKER]


def _roles(row: User, reading: Reading) -> list[tuple[Any, str]]:
    grants = reading.more["grants"][row.pk]
    return [
        (grant.get_role_display(), area_label(grant.area, dict(reading.names))) for grant in grants
    ]


def _roles_html(row: User, reading: Reading) -> str:
    roles = _roles(row, reading)
    if not roles:
        return format_html('<span class="soft">{}</span>', _("none"))
    return format_html_join("", '<div><span class="badge brand">{}</span> {}</div>', roles)


def _person_state(row: User, _reading: Reading) -> str:
    return str(_state_of(row)[1])


def _state_of(row: User) -> tuple[str, Any]:
    if not row.is_active:
        return "bad", _("inactive")
    if row.must_choose_password:
        return "warn", _("password handed out")
    return "good", _("let in")


def _areas(row: User, reading: Reading) -> str:
    names = dict(reading.names)
    return listed(area_label(area, names) for area in reading.more["held"][row.pk])


def _in_template(name: str, *, is_form: bool = False) -> Any:
    """A cell that a template draws; one that posts gets the request's token."""

    def html(row: User, reading: Reading) -> str:
        more = reading.more
        context = {
            "worker": row,
            "areas": reading.names,
            "held": more["held"][row.pk],
            "former": more["former"][row.pk],
            "is_crowded": row.pk in more["crowded"],
            "most": MAX_ROWS,
        }
        request = more["request"] if is_form else None
        return render_to_string(f"console/field_accounts/{name}.html", context, request)

    return html


def _phones(row: User, _reading: Reading) -> str:
    """The codes that are valid, and when each was last heard of."""
    accounts = [account for account in row.field_accounts.all() if not account.revoked_at]
    return listed(f"{account.label} {minute(account.last_seen_at)}".strip() for account in accounts)


def _who(row: AuditEntry, _reading: Reading) -> str:
    return str(row.actor) if row.actor else row.actor_name or row.door_label


def _who_html(row: AuditEntry, reading: Reading) -> str:
    if row.actor:
        return format_html('{} <span class="code">{}</span>', row.actor, row.actor_name)
    return _who(row, reading) or "—"


def _by_way_of(row: AuditEntry, _reading: Reading) -> str:
    """Who it was; with the door, where nobody was logged in."""
    return str(row.actor) if row.actor else f"{row.door_label or '—'} {row.actor_name}".strip()


def _from(row: AuditEntry, _reading: Reading) -> str:
    return f"{row.door_label} {row.address}".strip()


def _from_html(row: AuditEntry, _reading: Reading) -> str:
    markup = '{}<div class="small" title="{}">{}</div>'
    return format_html(markup, row.door_label or "—", row.device, row.address)


def _act(row: AuditEntry, _reading: Reading) -> str:
    return facts([(row.act_label, acts.details(row))])


def _object(row: AuditEntry, _reading: Reading) -> str:
    return f"{acts.kind_of_object(row.object_type)} {acts.name_of_object(row)}".strip()


def _act_area(row: AuditEntry, reading: Reading) -> str:
    return str(reading.names.get(row.area_code.ljust(12, "0"), row.area_code))


_PEOPLE = (
    TableColumn(
        "name", gettext_lazy("Name"), lambda row, _reading: row.name,
        html=lambda row, _reading: format_html(
            '<a href="{}">{}</a>', reverse("console:user", args=[row.pk]), row.name
        ),
        sort=(Key("name"),),
    ),
    TableColumn(
        "username", gettext_lazy("User name"), lambda row, _reading: row.username,
        sort=(Key("username"),), kind="code",
    ),
    TableColumn(
        "roles", gettext_lazy("Roles"),
        lambda row, reading: listed(f"{role} {area}" for role, area in _roles(row, reading)),
        html=_roles_html,
    ),
    TableColumn(
        "last_login", gettext_lazy("Last log-in"), lambda row, _reading: minute(row.last_login),
        html=lambda row, _reading: minute(row.last_login) or "—",
        sort=(Key("last_login"),), kind="when",
    ),
    TableColumn(
        "state", gettext_lazy("State"), _person_state,
        html=lambda row, _reading: format_html('<span class="badge {}">{}</span>', *_state_of(row)),
    ),
)  # fmt: skip
_WORKERS = (
    TableColumn(
        "name", gettext_lazy("Name"), lambda row, _reading: row.name,
        html=lambda row, _reading: row.name if row.is_active else format_html(
            '{} <span class="badge bad">{}</span>', row.name, _("inactive")
        ),
        sort=(Key("name"),),
    ),
    TableColumn(
        "username", gettext_lazy("User name"), lambda row, _reading: row.username,
        sort=(Key("username"),), kind="code",
    ),
    TableColumn("areas", gettext_lazy("Area"), _areas, html=_in_template("_areas")),
    TableColumn(
        "phones", gettext_lazy("Phones"), _phones, html=_in_template("_phones", is_form=True)
    ),
    TableColumn(
        "codes_made", gettext_lazy("Codes made"),
        lambda row, _reading: len(row.field_accounts.all()), kind="num", is_shown=False,
    ),
    TableColumn(
        "last_seen_at", gettext_lazy("Last contact with a password"),
        lambda row, _reading: minute(row.last_seen_at),
        sort=(Key("last_seen_at"),), kind="when", is_shown=False,
    ),
    TableColumn(
        "acts", gettext_lazy("What to do"), lambda row, _reading: "",
        html=_in_template("_acts", is_form=True), kind="no-print", is_in_files=False,
    ),
)  # fmt: skip
AUDIT = (
    TableColumn(
        "at", gettext_lazy("When"), lambda row, _reading: f"{localtime(row.at):%Y-%m-%d %H:%M:%S}",
        sort=(Key("at"), Key("id")), kind="when",
    ),
    TableColumn("actor", gettext_lazy("Who"), _who, html=_who_html, kind="nowrap"),
    TableColumn("door", gettext_lazy("From where"), _from, html=_from_html),
    TableColumn("act", gettext_lazy("What"), _act, html=lambda row, _reading: act_in_words(row)),
    TableColumn("object", gettext_lazy("Of"), _object, html=lambda row, _reading: object_in_words(row)),
    TableColumn(
        "area_code", gettext_lazy("Area"), _act_area,
        html=lambda row, reading: _act_area(row, reading) or "—",
    ),
    TableColumn("reason", gettext_lazy("Reason"), lambda row, _reading: row.reason),
    TableColumn(
        "position", gettext_lazy("Number"), lambda row, _reading: row.position, kind="num",
        is_shown=False,
    ),
    TableColumn(
        "actor_name", gettext_lazy("User name"), lambda row, _reading: row.actor_name, kind="code",
        is_shown=False,
    ),
    TableColumn(
        "device", gettext_lazy("Program or phone"), lambda row, _reading: row.device, is_shown=False
    ),
    TableColumn(
        "hash", gettext_lazy("Hash"), lambda row, _reading: bytes(row.hash or b"").hex(), kind="code",
        is_shown=False,
    ),
)  # fmt: skip
_DISCLOSURES = tuple(
    replace(column, text=_by_way_of, html=None) if column.name == "actor"
    else replace(column, is_shown=False) if column.name == "door"
    else column
    for column in AUDIT
)  # fmt: skip

"""Entity lists of the office's own: the lists, their entities, and what office staff do with these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS, REVIEWERS, common_prefix
from server.accounts.authority import covers
from server.audit.services import record_list
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, page_of, staff_page
from server.core.clock import now
from server.datasets import declaring, selectors, services
from server.datasets.models import Dataset, Entity
from server.datasets.uploads import read_sheet

_COLUMNS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What a version of an entity changed."""

    version: selectors.StoredVersion
    differences: list[tuple[str, str, str]]  # property, value before, value now


@staff_page()
def lists(request: StaffRequest) -> HttpResponse:
    """All lists, with the number of entities that the user sees of each."""
    seen = selectors.visible(request.access.areas())
    rows = selectors.lists(request.access)
    sizes = dict(
        Entity.objects.filter(seen, gone_as="")
        .order_by()
        .values_list("dataset")
        .annotate(Count("pk"))
    )
    lines = [(row, selectors.property_names(row), sizes.get(row.pk, 0)) for row in rows]
    return render(request, "console/lists/index.html", {"lines": lines})


@staff_page()
def entity_list(request: StaffRequest, name: str) -> HttpResponse:
    """The entities of a list in the user's areas; with ?gone=1 the deleted ones."""
    dataset, gone = _dataset(request, name), request.GET.get("gone") == "1"
    rows = selectors.entities(request.access, dataset, gone=gone)
    if request.GET.get("conflict") == "1":
        rows = rows.exclude(conflict="")
    page = page_of(request, rows)
    entities = selectors.stored(request.access, dataset, page.object_list)
    record_list(
        actor=request.user,
        of="entity",
        area=common_prefix(request.access.areas()),
        rows=len(entities),
        last_row=page.end_index(),
        facts={"list": dataset.name},
    )
    columns = selectors.property_names(dataset)[:_COLUMNS_SHOWN]
    context = {
        "dataset": dataset,
        "page": page,
        "query": _query(request),
        "columns": columns,
        "lines": [(row, [row.values[column] for column in columns]) for row in entities],
        "areas": area_names(row.area_code for row in entities),
        "gone": gone,
        "n_conflicts": selectors.entities(request.access, dataset).exclude(conflict="").count(),
        "unapplied": selectors.unapplied(request.access, dataset)[:50],
        "may_write": bool(request.access.areas(REVIEWERS)),
        "may_set_up": _may_set_up(request, dataset),
        "properties": selectors.property_names(dataset),
    }
    return render(request, "console/lists/list.html", context)


@staff_page("POST", roles=PUBLISHERS)
def set_up_list(request: StaffRequest, name: str) -> HttpResponse:
    """Say which property holds an entity's area, and whether entities are made on approval only."""
    dataset = _dataset(request, name)
    declaring.set_up(
        dataset=dataset,
        area_property=request.POST.get("area_property", ""),
        needs_approval=request.POST.get("needs_approval") == "yes",
        actor=request.user,
        at=now(),
    )
    return redirect("console:entity-list", name)


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def upload(request: StaffRequest, name: str) -> HttpResponse:
    """Make entities from the lines of a CSV file: all of them, or none."""
    dataset = _dataset(request, name)
    context = {"dataset": dataset, "properties": selectors.property_names(dataset)}
    if request.method != "POST":
        return render(request, "console/lists/upload.html", context)
    file = request.FILES.get("file")
    if file is None:
        context["error"] = _("Choose a CSV file.")
        return render(request, "console/lists/upload.html", context, status=400)
    services.create_entities(
        dataset=dataset,
        new=read_sheet(file.read(), selectors.property_names(dataset)),
        actor=request.user,
        access=request.access,
        at=now(),
        source=file.name or "",
    )
    return redirect("console:entity-list", name)


@staff_page()
def entity(request: StaffRequest, name: str, uuid: UUID) -> HttpResponse:
    """One entity: its values, and what each version changed."""
    dataset = _dataset(request, name)
    row = selectors.entity(request.access, dataset, uuid, gone=True)
    (stored,) = selectors.stored(request.access, dataset, [row])
    may_write = services.may_write(request.access, row)
    context = {
        "dataset": dataset,
        "row": row,
        "entity": stored,
        "values": stored.values.items(),
        "changes": list(reversed(_changes(selectors.versions_of(request.access, row)))),
        "areas": area_names([row.area_code]),
        "may_change": may_write and not row.gone_as,
        "may_restore": may_write and row.gone_as == Entity.Gone.DELETED,
    }
    return render(request, "console/lists/entity.html", context)


@staff_page("POST", roles=REVIEWERS)
def change_entity(request: StaffRequest, name: str, uuid: UUID) -> HttpResponse:
    """Give an entity the values that were typed where they differ, and settle its conflict."""
    dataset = _dataset(request, name)
    row = selectors.entity(request.access, dataset, uuid)
    (stored,) = selectors.stored(request.access, dataset, [row])
    label = request.POST.get("label", "").strip()
    services.update_entity(
        dataset=dataset,
        uuid=uuid,
        label=label if label != stored.label else None,
        values=_differing(request.POST, stored.values),
        base_version=_number(request.POST.get("version", "")),
        resolves=True,
        actor=request.user,
        access=request.access,
        at=now(),
    )
    return redirect("console:entity", name, uuid)


@staff_page("POST", roles=REVIEWERS)
def delete_entity(request: StaffRequest, name: str, uuid: UUID) -> HttpResponse:
    """Take an entity out of its list, with a reason."""
    services.delete_entity(
        dataset=_dataset(request, name),
        uuid=uuid,
        reason=checked(ReasonForm(request.POST))["reason"],
        actor=request.user,
        access=request.access,
        at=now(),
    )
    return redirect("console:entity", name, uuid)


@staff_page("POST", roles=REVIEWERS)
def restore_entity(request: StaffRequest, name: str, uuid: UUID) -> HttpResponse:
    """Put a deleted entity back into its list."""
    services.restore_entity(
        dataset=_dataset(request, name),
        uuid=uuid,
        actor=request.user,
        access=request.access,
        at=now(),
    )
    return redirect("console:entity", name, uuid)


def _dataset(request: StaffRequest, name: str) -> Dataset:
    return selectors.own_list(request.access, name)


def _may_set_up(request: StaffRequest, dataset: Dataset) -> bool:
    held = request.access.areas(PUBLISHERS)
    return bool(held) and all(covers(held, area) for area in dataset.areas)


def _query(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _changes(versions: list[selectors.StoredVersion]) -> list[Change]:
    changes, before = [], dict[str, str]()
    for version in versions:
        state = {_("Label"): version.label, **version.values}
        changes.append(
            Change(
                version,
                [
                    (name, before.get(name, ""), state.get(name, ""))
                    for name in dict.fromkeys((*state, *before))
                    if before.get(name, "") != state.get(name, "")
                ],
            )
        )
        before = state
    return changes


def _differing(posted: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: str(posted[f"value-{name}"])
        for name, text in values.items()
        if f"value-{name}" in posted and posted[f"value-{name}"] != text
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

"""Encryption: which forms are encrypted, their keys, and opening records that wait for a key."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import reswap, retarget, trigger_client_event

from server.accounts.access import PUBLISHERS
from server.console.forms import KeyForm, OpeningForm, PrivateKeyForm, checked
from server.console.pages import StaffRequest, staff_page
from server.core.clock import now
from server.forms import keys, services
from server.forms.authority import form_of_key, may_administer
from server.forms.selectors import encryption_keys, encryption_of_forms
from server.submissions import opening
from server.submissions.encrypted import encrypted_counts
from server.submissions.models import EncryptedVersion

FLAGS = {"incomplete": "files_missing", "sealed": "sealed", "tampered": "tampered"}
"""State of an encrypted record → the remark by which the list of submissions is filtered."""

LABELS = {"sealed": gettext_lazy("still encrypted")}
"""States that are called otherwise beside a key than on the record's own page."""


@staff_page(roles=PUBLISHERS)
def encryption(request: StaffRequest) -> HttpResponse:
    """Every form with its key, and every key with how many records came encrypted with it."""
    forms = encryption_of_forms(request.access)
    mine = may_administer(request.access, [row.form.form_id for row in forms])
    context = {"forms": forms, "mine": mine, **_keys(request)}
    return render(request, "console/encryption/list.html", context)


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def new_key(request: StaffRequest) -> HttpResponse:
    """Make a form's first key or replace it; phones get the form's next version with the new key."""
    forms = [row.form for row in encryption_of_forms(request.access) if not row.is_own_key]
    mine = may_administer(request.access, [form.form_id for form in forms])
    choices = [(form.form_id, form.title) for form in forms if form.form_id in mine]
    if request.method != "POST":
        form = KeyForm(forms=choices, initial={"form": request.GET.get("form")})
        return render(request, "console/encryption/new.html", {"form": form, "forms": choices})
    form = KeyForm(request.POST, forms=choices)
    if not form.is_valid():
        context = {"form": form, "forms": choices}
        return render(request, "console/encryption/new.html", context, status=400)
    given = checked(form)
    key = services.rotate_key(
        form_id=given["form"],
        passphrase=given["passphrase"] or None,
        at=now(),
        publisher=request.user,
    )
    message = _("{title}: records filled in from the next update on are encrypted with key {key}.")
    messages.success(request, message.format(title=dict(choices)[given["form"]], key=key))
    return redirect("console:encryption")


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def private_key(request: StaffRequest) -> HttpResponse:
    """Store the private half of a key: one that a workbook brought, or one stored before under another passphrase."""
    if request.method != "POST":
        return render(request, "console/encryption/private.html", {"form": PrivateKeyForm()})
    form = PrivateKeyForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "console/encryption/private.html", {"form": form}, status=400)
    given = checked(form)
    key, waiting = opening.take_private_key(
        pem=given["file"].read(keys.PEM_BYTES + 1),
        password=given["password"] or None,
        passphrase=given["passphrase"] or None,
        at=now(),
        user=request.user,
    )
    messages.success(request, _("The private half of key {key} is kept here.").format(key=key))
    if waiting:
        message = ngettext(
            "{count} record is being opened.", "{count} records are being opened.", waiting
        )
        messages.success(request, message.format(count=waiting))
    return redirect("console:encryption")


@staff_page("POST", roles=PUBLISHERS)
def open_records(request: StaffRequest, fingerprint: str) -> HttpResponse:
    """Open some of the records that wait for a key; the page asks again while more are left.

    The passphrase stays in the page's field meanwhile: neither the server nor the worker
    process stores it. The last answer replaces the list of keys, with the field empty.
    """
    key = keys.key_named(fingerprint)
    given = checked(OpeningForm(request.POST))
    outcome = opening.open_with_passphrase(
        key=key,
        passphrase=given["passphrase"] or None,
        at=now(),
        user=request.user,
        seconds=opening.SECONDS_AT_ONCE,
    )
    opened = (given["opened"] or 0) + outcome.opened
    altered = (given["altered"] or 0) + outcome.altered
    message = _progress_message(opened, altered, outcome)
    if not request.htmx:
        messages.success(request, message)
        return redirect("console:encryption")
    if outcome.goes_on:
        context = {
            "opened": opened,
            "altered": altered,
            "done": opened + altered,
            "total": opened + altered + outcome.left,
            "message": message,
        }
        page = render(request, "console/encryption/_progress.html", context)
        return trigger_client_event(page, "goes-on", after="settle")
    page = render(
        request, "console/encryption/_opened.html", {**_keys(request), "message": message}
    )
    return reswap(retarget(page, "#keys"), "outerHTML")


def _progress_message(opened: int, altered: int, outcome: opening.Opened) -> str:
    words = [_("Opened {opened}, {left} left.").format(opened=opened, left=outcome.left)]
    if altered:
        words.append(_("Altered after encryption: {altered}.").format(altered=altered))
    if outcome.left and not outcome.goes_on:
        words.append(
            _(
                "The remaining records cannot be opened: their files no longer exist on this server's disk."
            )
        )
    return " ".join(words)


def _keys(request: StaffRequest) -> dict[str, Any]:
    """Every key with its number of records by state; `strangers` are records of keys unknown here."""
    counts = encrypted_counts()
    listed = list(encryption_keys(request.access))
    forms = {key.pk: form_of_key(key) for key in listed}
    mine = may_administer(request.access, [form_id for form_id in forms.values() if form_id])
    return {
        "openable": {pk for pk, form_id in forms.items() if not form_id or form_id in mine},
        "keys": [(key, _stated(counts.get(key.pk, {}))) for key in listed],
        "strangers": _stated(counts.get(None, {})),
    }


def _stated(counts: dict[str, int]) -> dict[str, Any]:
    return {
        "sealed": counts.get("sealed", 0),
        "rows": [
            (state, LABELS.get(state, state.label), counts[state], FLAGS.get(state, ""))
            for state in EncryptedVersion.State
            if counts.get(state)
        ],
    }

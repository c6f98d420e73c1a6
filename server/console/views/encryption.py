"""Encryption: which forms are encrypted, the keys, what waits for them, and opening it."""

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
from server.forms.selectors import encryption_keys, encryption_of_forms
from server.submissions import opening
from server.submissions.models import EncryptedVersion
from server.submissions.selectors import encrypted_counts

FLAGS = {"incomplete": "files_missing", "sealed": "sealed", "tampered": "tampered"}
"""State of an encrypted record → the remark by which the list of submissions finds it."""

LABELS = {"sealed": gettext_lazy("still encrypted")}
"""Where the state's own name would not do: beside a key that is here."""


@staff_page(roles=PUBLISHERS)
def encryption(request: StaffRequest) -> HttpResponse:
    """Every form and whether phones encrypt it; every key and what came with it."""
    context = {"forms": encryption_of_forms(request.access), **_keys(request)}
    return render(request, "console/encryption/list.html", context)


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def new_key(request: StaffRequest) -> HttpResponse:
    """Make a form's key or change it; phones get the form's next version with it."""
    choices = [
        (row.form.form_id, row.form.title)
        for row in encryption_of_forms(request.access)
        if not row.is_own_key
    ]
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
    said = _("{title}: records filled in from the next update on are encrypted with key {key}.")
    messages.success(request, said.format(title=dict(choices)[given["form"]], key=key))
    return redirect("console:encryption")


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def private_key(request: StaffRequest) -> HttpResponse:
    """Take in the private half of a key a workbook brought, or keep one here in another way."""
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
        said = ngettext(
            "{count} record is being opened.", "{count} records are being opened.", waiting
        )
        messages.success(request, said.format(count=waiting))
    return redirect("console:encryption")


@staff_page("POST", roles=PUBLISHERS)
def open_records(request: StaffRequest, fingerprint: str) -> HttpResponse:
    """Open some of what waits for a key, and have the page ask again while more is left.

    The passphrase stays in the field of the page until then: it is kept neither here nor
    by the worker. When nothing more is to be done the list of keys comes anew, the field
    empty.
    """
    key = keys.key_named(fingerprint)
    given = checked(OpeningForm(request.POST))
    told = opening.open_with_passphrase(
        key=key,
        passphrase=given["passphrase"] or None,
        at=now(),
        user=request.user,
        seconds=opening.SECONDS_AT_ONCE,
    )
    opened = (given["opened"] or 0) + told.opened
    altered = (given["altered"] or 0) + told.altered
    said = _said(opened, altered, told)
    if not request.htmx:
        messages.success(request, said)
        return redirect("console:encryption")
    if told.goes_on:
        context = {
            "opened": opened,
            "altered": altered,
            "done": opened + altered,
            "total": opened + altered + told.left,
            "said": said,
        }
        page = render(request, "console/encryption/_progress.html", context)
        return trigger_client_event(page, "goes-on", after="settle")
    page = render(request, "console/encryption/_opened.html", {**_keys(request), "said": said})
    return reswap(retarget(page, "#keys"), "outerHTML")


def _said(opened: int, altered: int, told: opening.Opened) -> str:
    words = [_("Opened {opened}, {left} left.").format(opened=opened, left=told.left)]
    if altered:
        words.append(_("Altered after encryption: {altered}.").format(altered=altered))
    if told.left and not told.goes_on:
        words.append(_("The remaining records cannot be opened: their files no longer exist on this server's disk."))
    return " ".join(words)


def _keys(request: StaffRequest) -> dict[str, Any]:
    """All keys, each with how many records came with it by state."""
    counts = encrypted_counts()
    return {
        "keys": [(key, _stated(counts.get(key.pk, {}))) for key in encryption_keys(request.access)],
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

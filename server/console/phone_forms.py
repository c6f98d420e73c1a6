"""The form in which administrators choose what QR codes carry."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

CHANGEABLE: Final = (
    ("change_server", _("the server")),
    ("form_update_mode", _("how forms are updated")),
    ("change_autosend", _("sending by itself")),
    ("delete_after_send", _("deleting after sending")),
    ("change_form_metadata", _("user name and other metadata")),
    ("delete_saved", _("deleting saved records")),
)
"""Collect's key (accounts.collect.PROTECTED) → what it opens."""


class PhoneSettingsForm(forms.Form):
    """What the QR codes of an area's workers carry."""

    area = forms.ChoiceField(label=_("Area"), required=False)  # "" is everywhere
    deletes_sent = forms.BooleanField(
        label=_("Delete records on the phone once the server has them"), required=False
    )
    names_worker = forms.BooleanField(
        label=_("Fill in the worker's user name in forms that ask for it"), required=False
    )
    may_change = forms.MultipleChoiceField(
        label=_("Workers may change"), choices=CHANGEABLE, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    admin_password = forms.CharField(
        label=_("New admin password"), max_length=64, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Collect asks for it before closed settings; without a password, anybody can open them. Left empty, the present one stays."),
    )  # fmt: skip
    no_password = forms.BooleanField(label=_("Remove the admin password"), required=False)

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]

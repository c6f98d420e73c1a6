"""The form by which a reviewer sends answers back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SendBackForm(forms.Form):
    """Why the ticked answers are sent back; the service checks which answers may be."""

    reason = forms.CharField(
        label=_("What is wrong; the worker reads it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.CharField(required=False, max_length=249)  # the version that the page shows
    last_decision = forms.IntegerField(required=False, min_value=0)  # that the page shows; 0: none

"""Filters of the lists of forms and of encryption keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from server.core.filters import AnyOf, Flag, ListFilters, OneOf, Ordering, Search
from server.forms.models import EncryptionKey, Form
from server.forms.selectors import forms


def form_options(access: Any) -> Iterable[tuple[str, str]]:
    """The forms that the reader sees: form ID and title."""
    return forms(access).order_by("title", "form_id").values_list("form_id", "title")


class FormFilters(ListFilters):
    """Filters of the list of forms."""

    state = AnyOf(
        field_name="state",
        lookup_expr="in",
        label=_("State"),
        codes=lambda: Form.State.values,
        options=lambda _access: Form.State.choices,
    )
    search = Search(("form_id", "title"), label=_("Form ID or title"))
    ordering = Ordering("form_id", "title", "created_at")

    class Meta:
        model = Form
        fields = ()


class EncryptionKeyFilters(ListFilters):
    """Filters of the list of encryption keys."""

    form = OneOf(field_name="form_id", label=_("Form"), options=form_options)
    is_retired = Flag(
        field_name="retired_at", lookup_expr="isnull", exclude=True, label=_("Retired")
    )
    ordering = Ordering("created_at", renamed={"form_id": "form"})

    class Meta:
        model = EncryptionKey
        fields = ()

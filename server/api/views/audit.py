"""The audit log over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import ViewSetMixin

from server.accounts import selectors as accounts
from server.accounts.filters import AuditFilters
from server.api.shapes.audit import AuditEntrySerializer
from server.api.views.base import Door
from server.audit.models import AuditEntry


class Audit(ViewSetMixin, ListModelMixin, Door):
    """Who did what, when, from where and why: in the areas that the caller administers, and the caller's own acts. Newest first."""

    model = AuditEntry
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilters

    def rows(self) -> QuerySet[Any]:
        return accounts.audit_entries(self.access)

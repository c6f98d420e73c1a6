"""What administrators are shown: who reached a limit of looking behind masks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from server.accounts.access import ADMINISTRATORS, Access
from server.audit.models import Act, AuditEntry
from server.core import clock

SHOWN = timedelta(days=7)


def recent_alerts(access: Access) -> QuerySet[AuditEntry]:
    """The refusals of the last days because of a limit, in the areas that the user administers, newest first."""
    rows = AuditEntry.objects.filter(
        access.within(roles=ADMINISTRATORS), act=Act.BUDGET_SPENT, at__gt=clock.now() - SHOWN
    )
    return rows.select_related("actor").order_by("-id")

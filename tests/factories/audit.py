"""What the audit log holds."""

from __future__ import annotations

from server.audit.models import DISCLOSURES, AuditEntry


def disclosed() -> list[AuditEntry]:
    """The acts by which somebody got to see what is protected, oldest first."""
    return list(AuditEntry.objects.filter(act__in=DISCLOSURES).order_by("pk"))


def acts() -> list[str]:
    """All acts, oldest first."""
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))

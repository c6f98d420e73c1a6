"""The Django app of the audit room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The room's tables have names that begin with `audit`."""

    name = "server.audit"
    label = "audit"

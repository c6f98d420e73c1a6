"""The Django app of the quarantine room."""

from django.apps import AppConfig


class QuarantineConfig(AppConfig):
    """Registers the quarantine room with Django."""

    name = "server.quarantine"
    label = "quarantine"

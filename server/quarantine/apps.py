"""The Django app of the quarantine room."""

from django.apps import AppConfig


class QuarantineConfig(AppConfig):
    name = "server.quarantine"
    label = "quarantine"

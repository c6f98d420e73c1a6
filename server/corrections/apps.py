"""The Django app of the corrections room."""

from django.apps import AppConfig


class CorrectionsConfig(AppConfig):
    """Registers the corrections room with Django."""

    name = "server.corrections"
    label = "corrections"

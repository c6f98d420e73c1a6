"""The Django app of the room of test records."""

from django.apps import AppConfig


class TrialsConfig(AppConfig):
    """Registers the room of test records with Django."""

    name = "server.trials"
    label = "trials"

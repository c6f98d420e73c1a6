"""The Django app of the submissions room."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """Registers the submissions room with Django."""

    name = "server.submissions"
    label = "submissions"

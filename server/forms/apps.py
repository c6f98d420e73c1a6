"""The Django app of the forms room."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    """Registers the forms room with Django."""

    name = "server.forms"
    label = "forms"

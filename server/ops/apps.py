"""The Django app of the ops room."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Registers the ops room with Django."""

    name = "server.ops"
    label = "ops"

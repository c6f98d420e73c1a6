"""The Django app of the reports room."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the reports room with Django."""

    name = "server.reports"
    label = "reports"

"""The Django app of the ledgers room."""

from django.apps import AppConfig


class LedgersConfig(AppConfig):
    """Registers the ledgers room with Django."""

    name = "server.ledgers"
    label = "ledgers"

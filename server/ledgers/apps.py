"""The Django app of the ledgers room."""

from django.apps import AppConfig


class LedgersConfig(AppConfig):
    name = "server.ledgers"
    label = "ledgers"

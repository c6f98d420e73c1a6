"""The Django app of the accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the accounts room with Django."""

    name = "server.accounts"
    label = "accounts"

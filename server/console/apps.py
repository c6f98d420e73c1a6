"""The Django app of the console room."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class ConsoleConfig(AppConfig):
    """Registers the console room with Django, and has changes of second factors recorded."""

    name = "server.console"
    label = "console"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator

        from server.console import second_factor

        post_save.connect(second_factor.when_saved, Authenticator)
        post_delete.connect(second_factor.when_deleted, Authenticator)

"""The Django app of the accounts room."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class AccountsConfig(AppConfig):
    """Registers the accounts room with Django, and checks its settings."""

    name = "server.accounts"
    label = "accounts"

    def ready(self) -> None:
        from server.accounts import identity_provider
        from server.accounts.models import Role

        unknown = set(settings.RUHU_SECOND_FACTOR) - set(Role.values)
        if unknown:
            raise ImproperlyConfigured(
                f"RUHU_SECOND_FACTOR names no role: {', '.join(sorted(unknown))}. Roles: {', '.join(Role.values)}."
            )
        identity_provider.check_settings()

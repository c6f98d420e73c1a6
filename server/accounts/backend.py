"""Django's authentication backend: loads the user of a session. Passwords are checked by passwords.log_in alone."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend

from server.accounts.models import User


class People(BaseBackend):
    """Active users only, so that whoever is shut out is out with the next request."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()

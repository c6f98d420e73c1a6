"""People who log in, what they may do where, and the phones that send."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.geo.models import AreaCodeField

KEY = "encryption-key"
"""What a disclosure names as its ledger when it is about a key of encrypted forms; `entry` is its fingerprint."""


class Role(models.TextChoices):
    """What a person may do within an area (design §7)."""

    WORKER = "worker", _("community worker")
    STREET = "street", _("street staff")
    COUNTY = "county", _("county staff")
    ADMINISTRATOR = "administrator", _("administrator")
    RESTRICTED = "restricted", _("may see restricted columns")


class PhoneContact(models.Model):
    """When a phone was last heard of by this way in, and what it said of itself; at most a minute old.

    And of its newest record, when that came and when the form's audit log says it was finished.
    """

    last_seen_at = models.DateTimeField(null=True)
    user_agent = models.CharField(max_length=200, blank=True, default="")
    device_id = models.CharField(max_length=200, blank=True, default="")
    clock_ahead = models.IntegerField(null=True)  # seconds; negative when the phone is slow
    record_received_at = models.DateTimeField(null=True)  # the newest of its records
    record_finished_at = models.DateTimeField(null=True)  # that one, by the phone's clock

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser, PhoneContact):
    """A person who logs in to the console or stands behind a field account.

    The contact is that of a phone which logs in with user name and password.
    """

    username = models.CharField(_("user name"), max_length=150, unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    device_secret = models.BinaryField(null=True)  # device_passwords.sealed_secret

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        ordering = ("username",)

    def __str__(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password: str | None) -> None:
        """A chosen password: Digest ends with the one made for the phone.

        Django also calls this to hash a known password anew, and then saves that column alone.
        """
        super().set_password(raw_password)
        self.device_secret = None


class RoleGrant(models.Model):
    """A role of a user within an area, which is a prefix of division codes ("" is everywhere)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    area = AreaCodeField(blank=True)

    class Meta:
        ordering = ("user_id", "role", "area")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role", "area"), name="one_grant_per_role_and_area"
            ),
            models.CheckConstraint(
                condition=Q(area__regex=r"^\d{0,12}$"),
                name="grant_area_is_a_code_prefix",
            ),
        )


class FieldAccount(PhoneContact):
    """A phone's way in: the app-user token of one worker's device.

    Only the token's hash is kept; the token is shown once, in the QR code.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="field_accounts")
    token_hash = models.BinaryField(max_length=32, unique=True)
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("user_id", "created_at")


class PasswordFailures(models.Model):
    """How many different wrong passwords were given in a row by one caller for one name (lockout.py)."""

    who = models.CharField(max_length=64, primary_key=True)  # lockout.caller
    failures = models.PositiveIntegerField()
    latest_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "password failures"


class Disclosure(models.Model):
    """One look behind the mask, one export, or one use of what opens sealed records: who, what, why, when (design §8).

    Append-only, but that a series of requests which open records grows as one.
    """

    class Kind(models.TextChoices):
        REVEAL = "reveal", _("revealed")
        EXPORT = "export", _("exported")
        MEDIA = "media", _("file opened")
        KEY_MADE = "key_made", _("key made")
        KEY_GIVEN = "key_given", _("private key given")
        KEY_USED = "key_used", _("records opened")

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, models.PROTECT, null=True)  # null: by a command of the server's
    kind = models.CharField(max_length=20, choices=Kind.choices)
    ledger = models.CharField(max_length=40)
    entry = models.CharField(max_length=64)
    columns = models.JSONField(default=list)
    facts = models.JSONField(default=dict)  # of a key: what was done with it
    area_code = AreaCodeField(blank=True)
    reason = models.TextField(_("reason"))

    class Meta:
        ordering = ("-at",)

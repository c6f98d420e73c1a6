"""Users, their roles in areas, and the phones that send for them."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.core import clock
from server.core.resealing import SealedField
from server.geo.models import AreaCodeField


class Role(models.TextChoices):
    """What a user may do within an area (security.md, Areas and access)."""

    WORKER = "worker", _("community worker")
    STREET = "street", _("street staff")
    COUNTY = "county", _("county staff")
    ADMINISTRATOR = "administrator", _("administrator")
    RESTRICTED = "restricted", _("may see restricted columns")


class PhoneContact(models.Model):
    """When a phone last made contact through this account, to the minute, and what its request said of the phone.

    Also when its newest record arrived, and when the form's audit log says it was finished.
    """

    last_seen_at = models.DateTimeField(null=True)
    user_agent = models.CharField(max_length=200, blank=True, default="")
    device_id = models.CharField(max_length=200, blank=True, default="")
    clock_ahead = models.IntegerField(null=True)  # seconds; negative when the phone is slow
    record_received_at = models.DateTimeField(null=True)  # the newest of its records
    record_finished_at = models.DateTimeField(null=True)  # the same record, by the phone's clock

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    """Finds users by the name they log in with."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser, PhoneContact):
    """A person who logs in to the console, or who sends records through field accounts.

    The fields of PhoneContact are those of a phone that logs in with user name and password.
    """

    username = models.CharField(_("user name"), max_length=150, unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    device_secret = SealedField(
        purpose="device password of {username}", null=True
    )  # device_passwords.sealed_secret
    must_choose_password = models.BooleanField(default=False)  # this password was handed out

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        ordering = ("username",)

    def __str__(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password: str | None) -> None:
        """Set a chosen password, and remove the Digest secret of the password made for the phone.

        Django also calls this to rehash an unchanged password, and then saves only the password.
        """
        super().set_password(raw_password)
        self.device_secret = None


class RoleGrant(models.Model):
    """A role that a user holds within an area, which is a prefix of division codes ("" is everywhere)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    area = AreaCodeField(blank=True)
    since = models.DateField(default=clock.today)  # the first day

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


class FormerGrant(models.Model):
    """A role that a user held within an area, and holds no longer: it opens nothing, and says where the user worked when.

    A record of a visit on one of its days may still come from the worker's phone (decision
    0310), unless the role was taken because it was not trusted any more.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="former_grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    area = AreaCodeField(blank=True)
    since = models.DateField()  # the first day
    until = models.DateField()  # the last day
    is_revoked = models.BooleanField(default=False)  # no visit on these days counts any more

    class Meta:
        ordering = ("user_id", "-until", "role", "area")
        constraints = (
            models.CheckConstraint(
                condition=Q(area__regex=r"^\d{0,12}$"),
                name="former_grant_area_is_a_code_prefix",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=models.F("since")), name="former_grant_ends_after_it_begins"
            ),
        )


class FieldAccount(PhoneContact):
    """The account of one worker's phone, which sends its app-user token with each request.

    Only the token's hash is stored; the token is shown once, in the QR code.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="field_accounts")
    token_hash = models.BinaryField(max_length=32, unique=True)
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("user_id", "created_at")

    def __str__(self) -> str:
        return f"{self.user} ({self.label})" if self.label else str(self.user)


class Session(models.Model):
    """A session of a browser or of a program. The key itself and the data in the clear are nowhere stored (sessions.py)."""

    key_hash = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    is_program = models.BooleanField(default=False)  # begun at /v1/sessions (scripts.py)
    data = SealedField(purpose="session")  # JSON
    began_at = models.DateTimeField()
    last_used_at = models.DateTimeField()  # of browsers, to the minute
    ends_at = models.DateTimeField(db_index=True)  # the earlier of the idle and the absolute limit
    address = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("pk",)


class ProgramDoor(models.TextChoices):
    """A door for programs, which a token may open or not."""

    REST = "rest", _("REST")
    CENTRAL = "v1", _("/v1 with OData")
    ODATA = "odata", _("OData alone")
    BRIEFCASE = "odk", _("ODK Briefcase")


class ApiToken(models.Model):
    """A token that a person made for a program, which stands in the place of the password. Only its hash is stored.

    It opens the `doors` it was made for, and changes something only if it `may_write`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    token_hash = models.BinaryField(max_length=32, unique=True)
    label = models.CharField(max_length=100)
    doors = ArrayField(models.CharField(max_length=10))  # ProgramDoor
    may_write = models.BooleanField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("user_id", "created_at")

    @property
    def door_names(self) -> list[str]:
        """What the doors are called that the token opens."""
        return [str(ProgramDoor(door).label) for door in self.doors]


class SavedView(models.Model):
    """A list of the console as somebody likes it: columns, order and filters, under a name; own, or shared with the office.

    The words of a search are not kept, because they may be somebody's name.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    ledger = models.CharField(max_length=40)
    title = models.CharField(max_length=60)
    query = models.CharField(max_length=1500)  # the address's parameters
    area = models.CharField(max_length=12)  # prefix of the office that sees it when it is shared
    is_shared = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("title", "pk")
        constraints = (
            models.UniqueConstraint(fields=("user", "ledger", "title"), name="one_view_of_a_title"),
        )


class PhoneSettings(models.Model):
    """Collect's settings that the QR codes of an area's workers carry (phone_settings.py).

    They hold in the areas below, too, until an area nearer to the worker has settings of its own.
    """

    area = AreaCodeField(blank=True, unique=True)  # prefix; "" is everywhere
    admin_password = SealedField(
        purpose="admin password of phones", default=b""
    )  # b"": the office wants none
    deletes_sent = models.BooleanField(default=True)
    names_worker = models.BooleanField(default=True)
    may_change = ArrayField(models.CharField(max_length=40), default=list)  # collect.PROTECTED
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("area",)
        verbose_name_plural = "phone settings"
        constraints = (
            models.CheckConstraint(
                condition=Q(area__regex=r"^\d{0,12}$"),
                name="phone_settings_area_is_a_code_prefix",
            ),
        )


class PasswordFailures(models.Model):
    """How many different wrong passwords in a row came for one user name from one address (lockout.py)."""

    who = models.CharField(max_length=64, primary_key=True)  # lockout.caller
    failures = models.PositiveIntegerField()
    latest_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "password failures"

"""Forms, their immutable versions, their media, and who is offered them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.core.resealing import SealedField
from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField


class Form(models.Model):
    """A form, which phones know by its form_id."""

    class State(models.TextChoices):
        OPEN = "open", _("open")  # listed, accepting
        CLOSING = "closing", _("closing")  # not listed, still accepting
        CLOSED = "closed", _("closed")  # neither

    form_id = models.CharField(max_length=250, unique=True, db_collation="C")
    title = models.CharField(max_length=250)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    current_version = models.OneToOneField(
        "FormVersion", models.PROTECT, null=True, related_name="current_of"
    )
    needs_approval = models.BooleanField(
        default=False, db_default=False
    )  # its records count in the ledgers only once approved
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("form_id",)

    def __str__(self) -> str:
        return self.title


class FormHome(models.Model):
    """Whose a form is: the areas of the administrator who was the first to use its form_id (forms.authority).

    Made with the first publication, draft or key; a row may be there before the form.
    """

    form_id = models.CharField(max_length=250, unique=True, db_collation="C")
    areas = models.JSONField()  # prefixes of division codes; [""] is everywhere

    class Meta:
        ordering = ("form_id",)

    def __str__(self) -> str:
        return self.form_id


class EncryptionKey(models.Model):
    """An RSA key that form versions carry and with which phones encrypt their records (decision 0120).

    Never deleted: records encrypted with a retired key may arrive years later.
    """

    class Opening(models.TextChoices):
        """How the private half of the key is opened."""

        AUTOMATIC = "automatic", _("by the server itself")
        PASSPHRASE = "passphrase", _("with the passphrase")
        NONE = "none", _("not here")

    form_id = models.CharField(
        max_length=250, blank=True, db_collation="C"
    )  # of the form the key was made for; "" when a workbook brought the key
    public_key = models.BinaryField()  # SubjectPublicKeyInfo
    fingerprint = models.CharField(max_length=64, unique=True)  # hex SHA-256 of public_key
    private_key = SealedField(
        purpose="encryption key", null=True
    )  # made by encryption.protect, then sealed
    opening = models.CharField(max_length=12, choices=Opening.choices)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(
        null=True
    )  # from then on no new version of the form gets the key

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("form_id",),
                name="one_current_key_per_form",
                condition=Q(retired_at=None) & ~Q(form_id=""),
            ),
            models.CheckConstraint(
                condition=Q(opening="none") ^ Q(private_key__isnull=False),
                name="a_key_that_opens_is_here",
            ),
        )

    def __str__(self) -> str:
        return self.fingerprint[:8]


class FormVersion(models.Model):
    """One published version of a form. Its bytes never change, because phones identify it by their hash.

    What the server reads from them, `mapping` and `questions`, is read again when a later
    server reads forms otherwise (reading_again.read_again).
    """

    form = models.ForeignKey(Form, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=250, blank=True, db_collation="C")
    title = models.CharField(max_length=250)
    xform = models.BinaryField()  # exactly the bytes served
    md5 = models.CharField(max_length=32)
    workbook_sha256 = models.BinaryField(max_length=32)  # the .xlsx or XForm given, among the blobs
    has_workbook = models.BooleanField(default=True, db_default=True)  # else an XForm was given
    mapping = models.JSONField()  # where each answer goes in the ledgers (ledgers.intake.mapping)
    questions = models.JSONField()  # what showing an answer needs (XForm.as_questions)
    reader = models.PositiveSmallIntegerField(
        default=1, db_default=1
    )  # xform.READER of the server that made mapping and questions; an older one is read again
    warnings = models.JSONField(default=list)  # of pyxform and ODK Validate
    encryption_key = models.ForeignKey(
        EncryptionKey, models.PROTECT, null=True, related_name="form_versions"
    )  # with which phones encrypt the records; null: not encrypted
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)

    class Meta:
        ordering = ("form_id", "-published_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("form", "version"), name="one_form_version_per_name"),
        )

    def __str__(self) -> str:
        return f"{self.form_id} {self.version}"


class FormMedia(models.Model):
    """A file that a form version needs on the phone: a stored blob, or an entity list built for each worker."""

    class Kind(models.TextChoices):
        FILE = "file"
        ENTITY_LIST = "entity_list"

    form_version = models.ForeignKey(FormVersion, models.CASCADE, related_name="media")
    filename = models.CharField(max_length=250)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    sha256 = models.BinaryField(max_length=32, null=True)
    md5 = models.CharField(max_length=32, blank=True)
    size = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ("filename",)
        constraints = (
            models.UniqueConstraint(
                fields=("form_version", "filename"), name="one_media_file_per_name"
            ),
            models.CheckConstraint(
                condition=Q(kind="entity_list") | Q(sha256__isnull=False),
                name="a_media_file_has_content",
            ),
        )


class FormDraft(models.Model):
    """A checked workbook that waits for its files or for its publication (forms.drafts)."""

    form_id = models.CharField(max_length=250, unique=True, db_collation="C")
    title = models.CharField(max_length=250)
    version = models.CharField(max_length=250, blank=True, db_collation="C")
    md5 = models.CharField(max_length=32)  # of the XForm, before the server adds its key
    workbook_sha256 = models.BinaryField(max_length=32)  # of the workbook, or of the XForm given
    has_workbook = models.BooleanField(default=True, db_default=True)
    wanted = models.JSONField(default=list)  # names of the files the form needs
    files = models.JSONField(default=list)  # the files that have come: [{name, sha256, md5, size}]
    token = SealedText(
        default=""
    )  # opens the draft to phones; "" for drafts of before there were any
    xform = models.BinaryField(default=b"")  # the bytes that phones get to try
    lists = models.JSONField(default=list)  # file names of the entity lists that the form needs
    mapping = models.JSONField(default=dict)  # both as those of a FormVersion
    questions = models.JSONField(default=dict)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("form_id",)


class FormAudience(models.Model):
    """Who is offered a form: every worker within an area, or one worker."""

    form = models.ForeignKey(Form, models.CASCADE, related_name="audience")
    area = AreaCodeField(null=True)  # "" is everywhere
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)

    class Meta:
        verbose_name_plural = "form audiences"
        constraints = (
            models.CheckConstraint(
                condition=Q(area__isnull=True) ^ Q(user__isnull=True),
                name="audience_is_an_area_or_a_worker",
            ),
            models.UniqueConstraint(
                fields=("form", "area"),
                name="one_audience_row_per_area",
                condition=Q(user=None),
            ),
            models.UniqueConstraint(
                fields=("form", "user"),
                name="one_audience_row_per_worker",
                condition=Q(area=None),
            ),
        )

"""Old ledgers that offices uploaded, their rows, and what an office's headings mean."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.core.resealing import SealedField
from server.core.sealed_fields import SealedJSON
from server.geo.models import AreaCodeField
from server.submissions.models import Submission


class Import(models.Model):
    """An uploaded old ledger, from the check to the last row taken in, and back."""

    class State(models.TextChoices):
        CHECKED = "checked", _("checked")  # nothing is in the ledgers yet
        RUNNING = "running", _("being taken in")
        DONE = "done", _("taken in")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        RESTORING = "restoring", _("being taken in again")

    ledger = models.CharField(max_length=20)
    filename = models.CharField(max_length=200)  # personal numbers in it are masked
    content = SealedField(purpose="old ledger", null=True)  # of the file, until it is taken in
    area_code = AreaCodeField()  # whole: where rows lie that name no community
    as_of = models.DateField()  # the day on which rows were true that name no day
    meanings = SealedJSON(default=dict)  # plain heading → column, "" for none: as somebody chose
    headings = SealedJSON(default=dict)  # sheet → heading → column, as they were read
    remarks = SealedJSON(default=list)  # [sheet, row, heading, reason] of rows that are not ready
    n_faulty = models.PositiveIntegerField()
    n_left_out = models.PositiveIntegerField()  # titles, totals, hidden rows
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKED)
    undo_batch = models.UUIDField(null=True)  # of the decisions that undid it
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)  # when somebody started, undid or restored it
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("area_code", "-id"), name="import_by_area"),)

    def __str__(self) -> str:
        return self.filename

    @property
    def is_busy(self) -> bool:
        """Whether the worker has it in hand."""
        return self.state in BUSY


BUSY: Final = frozenset({Import.State.RUNNING, Import.State.UNDOING, Import.State.RESTORING})
"""States that the worker ends."""


class ImportedRow(models.Model):
    """A row of an old ledger that can be read, and the record that it became."""

    class Outcome(models.TextChoices):
        READY = "ready", _("ready")
        STORED = "stored", _("taken in")
        KNOWN = "known", _("taken in before")
        REFUSED = "refused", _("refused")

    source = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    sheet = models.CharField(max_length=100)
    number = models.PositiveIntegerField()  # as Excel shows it
    values = SealedJSON()  # by column, as a form would answer them; {} once they are a record
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.READY)
    problem = models.CharField(max_length=60, blank=True)  # why it was refused
    submission = models.ForeignKey(
        Submission, models.SET_NULL, null=True, related_name="imported_rows"
    )

    class Meta:
        ordering = ("source", "id")
        constraints = (
            models.UniqueConstraint(fields=("source", "sheet", "number"), name="row_once"),
        )
        indexes = (models.Index(fields=("source", "outcome", "id"), name="row_by_outcome"),)

    def __str__(self) -> str:
        return f"{self.sheet}!{self.number}"


class Meaning(models.Model):
    """What a heading means in the old ledgers of an area, as somebody chose for the last file."""

    area_code = AreaCodeField()  # whole: of the import's area
    ledger = models.CharField(max_length=20)
    heading = models.CharField(max_length=100)  # plain
    column = models.CharField(max_length=60, blank=True)  # "" for none

    class Meta:
        ordering = ("area_code", "ledger", "heading")
        constraints = (
            models.UniqueConstraint(
                fields=("area_code", "ledger", "heading"), name="one_meaning_per_heading"
            ),
        )

    def __str__(self) -> str:
        return f"{self.heading} → {self.column or '–'}"

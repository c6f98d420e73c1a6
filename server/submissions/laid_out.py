"""The table of laid-out answers (decision 0388). Imported by `models`, which is full."""

from __future__ import annotations

from typing import Final

from django.db import models

from server.core.resealing import SealedField

PURPOSE: Final = "laid out"
"""What the layouts are sealed for."""


class LaidOutAnswers(models.Model):
    """A record's answers as tables hold them, for readers of one clearance: made from the document once, for all exports.

    Not a source of anything: each row can be made anew, and is where its digest is not the
    one that the reader expects. Erasing a record deletes its rows.
    """

    submission = models.ForeignKey(
        "submissions.Submission", models.CASCADE, related_name="+", db_index=False
    )
    clearance = models.SmallIntegerField()  # the number of a `server.central.reading` clearance
    version = models.ForeignKey(
        "submissions.SubmissionVersion",
        models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    digest = models.BinaryField(max_length=16)  # of all that decides how the document is laid out
    layout = SealedField(purpose=PURPOSE)  # core.sealing.seal_packed

    class Meta:
        app_label = "submissions"
        constraints = (
            models.UniqueConstraint(
                fields=("submission", "clearance"), name="answers_are_laid_out_once_for_a_clearance"
            ),
        )

"""The columns that every ledger row has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self

from django.contrib.gis.db import models

from server.core.sealed_fields import SealedJSON
from server.geo.models import AreaCodeField
from server.ledgers.definitions.declaring import LedgerDefinition


class LedgerEntry(models.Model):
    """One folded row of a ledger. Only `refolding` writes it; nothing edits it in place."""

    ledger: ClassVar[LedgerDefinition]

    id = models.UUIDField(primary_key=True)
    area_code = AreaCodeField(default="")
    observed_at = models.DateTimeField()  # of the latest contribution
    verified_level = models.PositiveSmallIntegerField()  # V0–V4, of the latest contribution
    source_submission = models.ForeignKey(
        "submissions.Submission",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )  # of the latest contribution
    recorded_by = models.ForeignKey(
        "accounts.User",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    last_confirmed_on = models.DateField(null=True)  # 最近核实日期
    row_version = models.PositiveIntegerField(default=1)
    refold_on = models.DateField(
        null=True, db_index=True
    )  # the next day on which a derived column may change
    history = models.JSONField(
        default=dict
    )  # column → the values it went through, see folding/history.py
    origins = models.JSONField(default=dict)  # contribution id → the columns it gave
    whole_texts = SealedJSON(null=True)  # searched column → its text, where numbers are masked

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any
    ) -> Self:
        """The row with its searched texts whole; statements that are not of rows see them masked."""
        entry = super().from_db(db, field_names, values, **more)
        held = entry.__dict__
        for column, text in (held.get("whole_texts") or {}).items():
            if column in held:
                held[column] = text
        return entry

    class Meta:
        abstract = True
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=("area_code", "id"), name="%(class)s_by_area"),
        )

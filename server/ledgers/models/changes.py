"""Marks of entries whose rows changed, for what is computed from the ledgers (reports)."""

from __future__ import annotations

from django.db import models


class ChangedEntry(models.Model):
    """An entry of which a fold has written or deleted a row; an entry may have several marks.

    Added by the fold in the transaction that changes the row, taken away by whoever has computed
    again what rests on it. No mark is unique, so that adding one never waits for a taker.
    """

    id = models.BigAutoField(primary_key=True)
    family = models.CharField(max_length=20)
    entry = models.UUIDField()

    class Meta:
        db_table = "ledgers_changedentry"
        ordering = ("id",)

"""Links between the rows that two offices have of one identity (decision 0251)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.geo.models import AreaCodeField
from server.ledgers.definitions.vocabulary import LinkState
from server.ledgers.models.choices import FAMILY_CHOICES, LINK_CHOICES, one_of


class EntryLink(models.Model):
    """One office's side of a link: its own entry, and that another office knows the same number.

    Derived from identity keys and desk acts; only `refolding` writes it. Each link has two rows, so that
    each desk reads its own and nothing of the other's. No reader is shown `other_entry` or `identity`.
    """

    class Kind(models.TextChoices):
        ID_NO = "id_no", _("ID number")
        DOCUMENT = "document", _("number of another document")
        USCC = "uscc", _("unified social credit code")

    id = models.UUIDField(primary_key=True)
    link = models.UUIDField(db_index=True)  # the same on both sides
    family = models.CharField(max_length=20, choices=FAMILY_CHOICES)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    identity = models.CharField(max_length=60, db_collation="C", db_index=True)
    entry = models.UUIDField()
    area_code = AreaCodeField()  # of the office whose side this is
    other_entry = models.UUIDField(db_index=True)
    other_office = AreaCodeField()
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=LINK_CHOICES, default=LinkState.PROPOSED)
    moved_to = AreaCodeField(default="")  # the office, when moved
    asked = models.CharField(max_length=10, blank=True, default="")  # ActKind that awaits an answer
    asked_by = AreaCodeField(default="")  # the office that stated it
    agreed_on = models.DateField(null=True)  # the day on which silence has agreed to it
    awaits_us = models.BooleanField(
        default=False
    )  # this office has to answer what the other stated
    needs_county = models.BooleanField(default=False)

    class Meta:
        db_table = "ledgers_entrylink"
        ordering = ("-opened_at", "id")
        constraints = (
            one_of("family", FAMILY_CHOICES, "a_link_is_of_a_known_family"),
            one_of("state", LINK_CHOICES, "a_link_has_a_known_state"),
        )
        indexes = (
            models.Index(fields=("family", "entry"), name="links_of_an_entry"),
            models.Index(fields=("area_code", "-opened_at"), name="links_by_office"),
            models.Index(
                fields=("agreed_on",),
                name="links_that_wait_for_a_day",
                condition=models.Q(agreed_on__isnull=False),
            ),
        )

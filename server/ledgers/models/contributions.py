"""What ledger rows are folded from: contributions, desk acts, and the identity keys that group contributions into entries."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from server.core.resealing import SealedField
from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField
from server.ledgers.definitions.columns import SealedValues
from server.ledgers.definitions.vocabulary import LINKS_OF_ACTS, OF_LINKS, ActKind
from server.ledgers.models.choices import ACT_CHOICES, FAMILY_CHOICES, one_of


class ContributionRow(models.Model):
    """What one record of a submission, or one desk act, says of one entry.

    Made from the version of the submission that counts, by the form's mapping, and made
    again by every rebuild. A rejected submission and an undone desk act have none.
    """

    id = models.BigIntegerField(primary_key=True)  # see definitions/ordinals.py
    family = models.CharField(max_length=20, choices=FAMILY_CHOICES)
    entry = models.UUIDField(db_index=True)  # that its keys resolve to now
    keys = ArrayField(
        models.UUIDField()
    )  # strongest first; contributions that share a key are about one entry
    submission = models.ForeignKey(
        "submissions.Submission",
        models.CASCADE,
        null=True,
        db_constraint=False,
        related_name="contributions",
    )
    form_version = models.ForeignKey(
        "forms.FormVersion", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    path = models.CharField(max_length=250)  # of the record: /data/members[2]
    observed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    instance_id = models.CharField(max_length=249, db_collation="C")
    worker = models.ForeignKey("accounts.User", models.PROTECT, db_index=False, related_name="+")
    level = models.PositiveSmallIntegerField()  # V0–V4
    area_code = AreaCodeField(default="")
    values = SealedValues()  # "spell.start_on" is of a part
    links = models.JSONField(default=dict)  # name → a key of the entry it links to
    flags = ArrayField(models.CharField(max_length=40), default=list)  # bad_id, outside_area, …
    identities = models.JSONField(default=dict)  # key → what other offices know the entry by
    corrected = models.JSONField(
        default=dict, db_default={}
    )  # column → the submission whose answer replaced the record's (corrections)

    class Meta:
        db_table = "ledgers_contribution"
        constraints = (one_of("family", FAMILY_CHOICES, "a_contribution_is_of_a_known_family"),)
        indexes = (
            *(
                models.Index(
                    KeyTextTransform(link, "links"),
                    name=f"desk_acts_that_name_a_{link}",
                    condition=Q(submission=None),
                )
                for link in LINKS_OF_ACTS
            ),
        )  # of submissions, what links to an entry is found by the submission


class IdentityKey(models.Model):
    """The entry that an identity key resolves to. An entry's own uuid is a key, too, and stays one after a merge."""

    pk = models.CompositePrimaryKey("family", "key")
    family = models.CharField(max_length=20, choices=FAMILY_CHOICES)
    key = models.UUIDField()
    entry = models.UUIDField(db_index=True)
    identity = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    """What every office knows the entry by, "id_no:uuid"; "" of a key that only one office has."""
    office = AreaCodeField(default="")  # whose key it is, when it has an identity

    class Meta:
        constraints = (one_of("family", FAMILY_CHOICES, "a_key_is_of_a_known_family"),)
        indexes = (
            models.Index(fields=("key",), name="keys_of_any_family"),
            models.Index(
                fields=("identity",), name="keys_of_an_identity", condition=~Q(identity="")
            ),
        )


class KeptKey(models.Model):
    """A key that stays an office's own although it was made when one row stood for all offices (decision 0250).

    Written once, when offices got keys of their own: the key belongs to the office of its
    earliest contribution. An input of every rebuild.
    """

    key = models.UUIDField(primary_key=True)
    area_code = AreaCodeField(default="")  # of that contribution


class Naming(models.Model):
    """The one secret by which identity keys become uuids (storage/naming.py); never replaced, only sealed anew."""

    id = models.SmallAutoField(primary_key=True)
    secret = SealedField(purpose="naming")

    class Meta:
        verbose_name_plural = "naming"
        constraints = (models.CheckConstraint(condition=Q(id=1), name="there_is_one_naming"),)


class FoldVersion(models.Model):
    """By which version of the fold the ledgers were computed as a whole, and how far a newer one has come."""

    id = models.SmallAutoField(primary_key=True)
    digest = models.CharField(max_length=64, blank=True, default="")  # of the code that folded all
    begun = models.CharField(max_length=64, blank=True, default="")  # of the code that folds anew
    areas = models.JSONField(default=list)  # prefixes of the areas that it has folded

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="there_is_one_fold_version"),)


class WithdrawnKey(models.Model):
    """A key of a contribution that a submission no longer makes: it was rejected, edited, or waits for approval.

    By it the submission is found when somebody asks what the ledgers held before (refolding/past.py).
    Only added to; not part of a rebuild.
    """

    pk = models.CompositePrimaryKey("key", "submission")
    key = models.UUIDField()
    submission = models.ForeignKey(
        "submissions.Submission",
        models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )


_OF_TWO = (ActKind.SAME.value, ActKind.NOT_SAME.value, *(kind.value for kind in OF_LINKS))


class DeskAct(models.Model):
    """A decision of office staff about ledger entries: a source of contributions, like a submission.

    Nothing of it changes but that it is undone, which removes its contribution.
    """

    kind = models.CharField(max_length=10, choices=ACT_CHOICES)
    family = models.CharField(max_length=20, choices=FAMILY_CHOICES)
    entry = models.UUIDField()  # its uuid when the act was done; resolve it through IdentityKey
    other = models.UUIDField(null=True)  # the second entry of same, not_same and acts on links
    link = models.UUIDField(null=True)  # that the act is about (identity/links.py)
    column = models.CharField(max_length=60, blank=True, default="")
    value = SealedValues(null=True)
    links = models.JSONField(
        default=dict, db_default={}
    )  # of an act that makes an entry: link → uuid of the entry that it names
    evidence = ArrayField(models.CharField(max_length=10), default=list)  # MAT: documents seen
    area_code = AreaCodeField(default="")
    reason = SealedText(_("reason"))
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="desk_acts")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("at", "id")
        constraints = (
            one_of("kind", ACT_CHOICES, "a_desk_act_is_of_a_known_kind"),
            one_of("family", FAMILY_CHOICES, "a_desk_act_is_of_a_known_family"),
            models.CheckConstraint(
                condition=Q(kind__in=_OF_TWO, other__isnull=False)
                | (~Q(kind__in=_OF_TWO) & Q(other=None)),
                name="an_act_of_likeness_names_two_entries",
            ),
            models.CheckConstraint(
                condition=Q(other=None) | ~Q(other=F("entry")),
                name="an_act_of_likeness_names_different_entries",
            ),
            models.CheckConstraint(
                condition=(Q(kind=ActKind.SUGGEST.value) & ~Q(links={}))
                | (~Q(kind=ActKind.SUGGEST.value) & Q(links={})),
                name="an_act_that_makes_an_entry_names_others",
            ),
        )
        indexes = (
            models.Index(fields=("family", "entry"), name="desk_acts_on_an_entry"),
            models.Index(
                fields=("link",), name="desk_acts_on_a_link", condition=Q(link__isnull=False)
            ),
            *(
                models.Index(
                    KeyTextTransform(link, "links"),
                    name=f"suggestions_of_a_{link}",
                    condition=Q(kind=ActKind.SUGGEST.value),
                )
                for link in LINKS_OF_ACTS
            ),
        )

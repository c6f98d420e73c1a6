"""Facts (decision 0370): how entries stood over time, and what happened to them; each with what was known when."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField
from server.reports.course import State, Step


class Fact(models.Model):
    """What holds of an entry, by what was known from one instant to another.

    Facts are never changed but for the end of their being known; what is superseded stays, so that a report
    can be counted again as it was counted then. Erasing a person deletes their facts.
    """

    id = models.BigAutoField(primary_key=True)
    entry = models.UUIDField()  # of the ledger that the table is about
    area_code = AreaCodeField(default="")  # of the ledger row: whose readers see it
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)  # exclusive; null: still so

    class Meta:
        abstract = True


class StateFact(Fact):
    """How an entry stood from a day to another; the states of an entry known at an instant never overlap."""

    since = models.DateField()
    until = models.DateField(null=True)  # exclusive

    class Meta(Fact.Meta):
        abstract = True


class PersonFact(StateFact):
    """A person while in the ledger: neither dead, moved away nor merged."""

    residence_area = AreaCodeField(default="")  # community lived in, "" when elsewhere
    hukou_area = AreaCodeField(default="")  # community of the hukou, "" when elsewhere
    household = models.UUIDField(null=True)
    sex = models.CharField(max_length=10, default="")  # SEX
    born = models.DateField(null=True)
    working_from = models.DateField(null=True)  # the working age of statistics
    working_until = models.DateField(null=True)  # exclusive
    older_from = models.DateField(null=True)  # the age of 4050
    older_until = models.DateField(null=True)  # exclusive
    is_rural = models.BooleanField()  # hukou of list HK 20; all others count as urban
    edu = models.CharField(max_length=10, default="")  # EDU
    activity = models.CharField(max_length=10, default="")  # ES, "" unknown
    capacity = models.CharField(max_length=10, default="")  # WC
    surplus = models.BooleanField()  # rural surplus labour
    never_employed = models.BooleanField()  # no spell of work had begun
    registered_on = models.DateField(null=True)  # the registration of unemployment in force
    benefit = models.BooleanField()  # months of unemployment benefit

    class Meta:
        indexes = (
            models.Index(
                fields=("residence_area",),
                name="person_facts_by_residence",
                condition=Q(known_until=None),
            ),
            models.Index(
                fields=("hukou_area",),
                name="registered_facts_by_hukou",
                condition=Q(known_until=None, registered_on__isnull=False),
            ),
            models.Index(fields=("entry",), name="facts_of_a_person"),
            models.Index(fields=("household",), name="person_facts_by_household"),
            models.Index(
                fields=("residence_area", "known_until"),
                name="person_facts_once_known",
                condition=Q(known_until__isnull=False),
            ),
        )


class HouseholdFact(StateFact):
    """A household, and its state of zero employment."""

    is_inhabited = models.BooleanField()  # somebody lives there
    state = models.CharField(max_length=10, default="")  # ZS
    state_since = models.DateField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("area_code",), name="household_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_household"),
        )


class CaseFact(StateFact):
    """An assistance case of a person while it is open."""

    person = models.UUIDField()
    state = models.CharField(max_length=10, default="")  # ST4
    categories = ArrayField(models.CharField(max_length=10), default=list)  # AC, in order
    sex = models.CharField(max_length=10, default="")
    is_rural = models.BooleanField()

    class Meta:
        indexes = (
            models.Index(fields=("area_code",), name="case_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_case"),
            models.Index(fields=("person",), name="case_facts_of_a_person"),
        )


class RetireeFact(StateFact):
    """A retired person whom the office looks after, or looked after."""

    state = models.CharField(max_length=10, default="")  # ST15
    sex = models.CharField(max_length=10, default="")
    is_party = models.BooleanField()
    is_special = models.BooleanField()  # has a special class (SPR)
    proof_from = models.DateField(null=True)  # the day from which on a proof of life is owed
    proof_until = models.DateField(null=True)  # exclusive: the end of the last proof's validity
    funeral_claim = models.CharField(max_length=10, default="")  # AP

    class Meta:
        indexes = (
            models.Index(fields=("area_code",), name="retiree_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_retiree"),
        )


class DependantFact(StateFact):
    """A relative for whom a retired person provides, or provided until death."""

    retiree = models.UUIDField()
    retiree_state = models.CharField(max_length=10, default="")  # ST15

    class Meta:
        indexes = (
            models.Index(fields=("area_code",), name="dependant_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_dependant"),
            models.Index(fields=("retiree",), name="dependant_facts_of_a_retiree"),
        )


class RecordFact(StateFact):
    """An entry of a register: a petition, a vacancy, a certificate, …, from one state to the next."""

    ledger = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default="")
    is_open = models.BooleanField()  # belongs to the stock that the report counts
    category = models.CharField(max_length=10, default="")
    """What it is by its main list: PT, DK17, OCC, CB, PO, TK, DK."""
    categories = ArrayField(models.CharField(max_length=10), default=list)  # of a further list
    due_on = models.DateField(null=True)  # by when the state must be left
    quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    """People, free places or yuan, as the register has it."""

    class Meta:
        indexes = (
            models.Index(fields=("ledger", "area_code"), name="record_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_record"),
        )


class MarketFact(StateFact):
    """Free places of a vacancy, or a person who seeks work (R1): as they stand, and as they begin.

    A row with `is_new` says what began on the day `since` and holds on no day.
    """

    ledger = models.CharField(max_length=20)  # of the entry: vacancy or person
    place = AreaCodeField(default="")  # the community for which it counts
    is_new = models.BooleanField()
    ended_on = models.DateField(null=True)  # of what begins again: the day on which it had ended
    quantity = models.DecimalField(max_digits=14, decimal_places=2)  # places; 1 of a person
    category = models.CharField(max_length=10, default="")  # OCC, of a person the first wished
    industry = models.CharField(max_length=10, default="")  # IND, of the employer
    econ_type = models.CharField(max_length=10, default="")  # ET, of the employer
    edu = models.CharField(max_length=10, default="")  # EDU, of a vacancy the lowest
    skill = models.CharField(max_length=10, default="")  # SK, of a person the highest
    age_max = models.SmallIntegerField(null=True)  # of a vacancy
    kind = models.CharField(max_length=10, default="")  # of a person (facts/seekers.py)
    sex = models.CharField(max_length=10, default="")
    born = models.DateField(null=True)
    graduated_on = models.DateField(null=True)  # from a college

    class Meta:
        indexes = (
            models.Index(fields=("place",), name="market_facts_by_place"),
            models.Index(fields=("entry",), name="market_facts_of_an_entry"),
        )


class ReceivedFact(Fact):
    """A record that a phone sent: when it reached the office, whether its place agrees, what reviewers said.

    `entry` is the record's number written as a UUID.
    """

    day = models.DateField()  # of the visit
    days_late = models.IntegerField()  # from the visit to receipt
    position = models.CharField(max_length=10)  # received.Position
    state = models.CharField(max_length=12)  # submissions.ReviewState
    worker = models.BigIntegerField()  # user

    class Meta:
        indexes = (
            models.Index(fields=("area_code", "day"), name="received_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_received_record"),
        )


class DoubtFact(StateFact):
    """An exception of an entry: from the day on which the record that raised it arrived to the day on which somebody resolved it."""

    ledger = models.CharField(max_length=20)  # of the entry
    kind = models.CharField(max_length=24)  # ExceptionKind

    class Meta:
        indexes = (
            models.Index(fields=("area_code",), name="doubt_facts_by_area"),
            models.Index(fields=("entry",), name="doubt_facts_of_an_entry"),
        )


class FigureFact(StateFact):
    """What an office states that no form asks: a census count, a certificate or a study day of a member of staff.

    `entry` names the community of a census count, else the member of staff (figures.py).
    """

    kind = models.CharField(max_length=12)  # figures.Kind
    day = models.DateField()  # `since`
    worker = models.BigIntegerField(null=True)  # user
    quantity = models.DecimalField(max_digits=14, decimal_places=2)
    """Households of a census; hours of study; 1 of a certificate."""
    people = models.IntegerField(default=0)  # of a census

    class Meta:
        indexes = (
            models.Index(fields=("area_code", "kind"), name="figure_facts_by_area"),
            models.Index(fields=("entry",), name="facts_of_a_figure"),
        )


class EventFact(Fact):
    """Something that happened to an entry on a day (facts/kinds.py lists the kinds)."""

    kind = models.CharField(max_length=20)
    day = models.DateField()
    place = AreaCodeField(default="")  # the community for which it counts
    source = models.UUIDField()  # the ledger row that says so: spell, case, visit, offer, …
    reason = models.CharField(max_length=20, default="")
    category = models.CharField(max_length=10, default="")
    """AC, of flows of one category; of petitions and consultations the topic, of matters the kind."""
    categories = ArrayField(models.CharField(max_length=10), default=list)
    """AC of the case that day; of petitions the channel, of matters that are settled the mediation."""
    sex = models.CharField(max_length=10, default="")
    is_rural = models.BooleanField()
    of_day = models.DateField(null=True)  # of news that came later: the day that they are about
    quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    """How much: people, places or yuan, as the kind has it; null where the event counts as one."""

    class Meta:
        indexes = (
            models.Index(fields=("place", "kind", "day"), name="events_by_place"),
            models.Index(fields=("entry",), name="events_of_an_entry"),
            models.Index(fields=("source",), name="events_by_source"),
        )


class Filing(models.Model):
    """A report of a division and period on its way to the office above (course.py says which acts lead where)."""

    id = models.BigAutoField(primary_key=True)
    report = models.CharField(max_length=10)  # R2
    area_code = AreaCodeField()  # whole code of the division
    period = models.CharField(max_length=10)  # 2026Q3
    starts_on = models.PositiveSmallIntegerField(default=1)  # day of the month
    due_on = models.DateField()  # as the rule table had it when the report was prepared
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("area_code", "period", "report", "starts_on"),
                name="report_is_filed_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.report} {self.area_code} {self.period}"


class FilingStep(models.Model):
    """What somebody did with a report. Rows are only added.

    Submitting freezes the table: `content` is its canonical form (freezing.py) with the two times
    that it was counted for, the instant and the signer, and `sha256` the digest of these bytes.
    """

    id = models.BigAutoField(primary_key=True)
    filing = models.ForeignKey(Filing, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=10, choices=Step.choices)
    to = models.CharField(max_length=10, choices=State.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = SealedText(blank=True, default="")
    failed = models.JSONField(default=list)  # [balance, row] that did not hold when it was checked
    content = models.TextField(blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=(Q(step=Step.SUBMIT) & ~Q(content=""))
                | (~Q(step=Step.SUBMIT) & Q(content="", sha256="")),
                name="submitting_freezes_the_table",
            ),
        )

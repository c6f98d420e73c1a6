"""Serializers of ledger entries: what every entry has, and its columns as declared."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from server.api.fields import (
    ColumnField,
    ElsewhereField,
    MaskedField,
    WithheldField,
    field_of,
    username_of,
)
from server.core import clock
from server.core.labels import Label
from server.core.masking import mask_numbers
from server.ledgers.definitions.columns import Column, Kind, Merge, columns_of
from server.ledgers.definitions.sensitivity import has_restricted
from server.ledgers.folding.history import Why
from server.ledgers.models import Household, Membership, Person
from server.ledgers.selectors import is_elsewhere, joined, joined_key

SOURCE = {
    "type": ["object", "null"],
    "description": "The submission observed last.",
    "properties": {"form": {"type": "string"}, "instance_id": {"type": "string"}},
    "required": ["form", "instance_id"],
}


@extend_schema_field(SOURCE)
class SourceField(serializers.Field):
    """The submission that was observed last, by form and instance ID."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        submission = joined(value, "source_submission")
        if submission is None:
            return None
        return {"form": submission.form.form_id, "instance_id": submission.instance_id}


@extend_schema_field({"type": ["string", "null"], "description": "User name."})
class UserField(serializers.Field):
    """The user whom a row names there; null for people of another area."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value: Any) -> str | None:
        return username_of(value, self.field_name or "")


class EntrySerializer(serializers.Serializer):
    """What every ledger entry has."""

    id = serializers.UUIDField(read_only=True)
    area_code = serializers.CharField(read_only=True, help_text="The community's division code.")
    observed_at = serializers.DateTimeField(read_only=True, help_text="Of the latest source.")
    verified_level = serializers.IntegerField(
        read_only=True,
        help_text="0 import, 1 proxy answer, 2 in person, 3 reviewed, 4 documented.",
    )
    recorded_by = UserField()
    source = SourceField()  # type: ignore[assignment]
    last_confirmed_on = serializers.DateField(read_only=True, allow_null=True)
    row_version = serializers.IntegerField(read_only=True)


@cache
def entry_serializer(model: type[Model], *derived: Column) -> type[EntrySerializer]:
    """The serializer of a ledger, from its column declarations and further `derived` columns."""
    columns = [*columns_of(model).values(), *derived]
    fields: dict[str, Any] = {column.name: field_of(column) for column in columns}
    fields["elsewhere"] = ElsewhereField()
    fields["withheld"] = WithheldField(tuple(c.name for c in columns if has_restricted(c)))
    fields["masked"] = MaskedField(tuple(columns))
    fields["__doc__"] = model.__doc__
    return type(f"{model.__name__}Serializer", (EntrySerializer,), fields)


def users_of(model: type[Model]) -> list[str]:
    """The columns that name a user, for select_related."""
    return [name for name, column in columns_of(model).items() if column.kind is Kind.USER]


class MemberSerializer(serializers.Serializer):
    """A person's time in a household."""

    person = serializers.SerializerMethodField(help_text="Null in another area.")
    name = serializers.SerializerMethodField()
    relation = ColumnField(columns_of(Person)["relation"])
    role = serializers.ChoiceField(read_only=True, choices=Membership.Role.choices)
    from_on = serializers.DateField(read_only=True)
    to_on = serializers.DateField(read_only=True, allow_null=True)
    is_elsewhere = serializers.SerializerMethodField(help_text="Lives in another area.")

    def get_person(self, row: Membership) -> UUID | None:
        key: UUID | None = joined_key(row, "person")
        return key

    def get_name(self, row: Membership) -> str | None:
        person = joined(row, "person")
        return mask_numbers(person.name) if person and person.name else None

    def get_is_elsewhere(self, row: Membership) -> bool:
        return is_elsewhere(row, "person")


ASSISTED_CATEGORIES = Column(
    name="assisted_categories",
    label=Label("在援类别", "categories of open cases"),
    kind=Kind.CODES,
    merge=Merge.FIXED,
    codes="AC",
)
HouseholdSerializer: Any = entry_serializer(Household, ASSISTED_CATEGORIES)


class HouseholdDetailSerializer(HouseholdSerializer):  # type: ignore[misc]
    """A household with everyone who belongs or belonged to it."""

    members = MemberSerializer(read_only=True, many=True, source="memberships")


class FindSerializer(serializers.Serializer):
    """The whole value to search a sealed column for; in the body, so that no log keeps it."""

    column = serializers.CharField(max_length=60)
    value = serializers.CharField(max_length=100)
    reason = serializers.CharField(max_length=1000, help_text="Why; recorded.")


class RevealSerializer(serializers.Serializer):
    """The columns to reveal, and why."""

    columns = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    reason = serializers.CharField(max_length=1000)


class ReasonSerializer(serializers.Serializer):
    """Why; recorded."""

    reason = serializers.CharField(max_length=1000)


@extend_schema_field({})
class PlainValueField(serializers.Field):
    """A value as JSON; a place as GeoJSON."""

    def to_representation(self, value: Any) -> Any:
        return json.loads(value.geojson) if isinstance(value, Point) else value


class ValueSerializer(serializers.Serializer):
    """A column and its value, in plain."""

    column = serializers.CharField(source="column.name")
    label = serializers.CharField(source="column.label")  # type: ignore[assignment]
    value = PlainValueField()


class PartSerializer(serializers.Serializer):
    """A row of a ledger: of the person, or a spell, case or visit of the person's."""

    ledger = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    values = ValueSerializer(many=True)


class SourceSerializer(serializers.Serializer):
    """What one record, or one decision of office staff, says of the person."""

    what = serializers.CharField(help_text="The form's title, or the kind of decision.")
    by = serializers.CharField()
    at = serializers.DateTimeField(help_text="Of the visit, or of the decision.")
    received_at = serializers.DateTimeField()
    instance_id = serializers.CharField(help_text="Empty for a decision.")
    reason = serializers.CharField(help_text="Of a decision.")
    values = ValueSerializer(many=True)


class LookSerializer(serializers.Serializer):
    """An act on the person that the audit log has."""

    at = serializers.DateTimeField()
    by = serializers.CharField()
    act = serializers.CharField()
    reason = serializers.CharField()


class DwellingSerializer(serializers.Serializer):
    """A time in a household."""

    household = serializers.UUIDField(source="household_id")
    address = serializers.CharField(source="household.address", allow_null=True)
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    from_on = serializers.DateField()
    to_on = serializers.DateField(allow_null=True)


class DossierSerializer(serializers.Serializer):
    """Everything that is kept about a person, in plain."""

    person = serializers.UUIDField(source="person.pk")
    parts = PartSerializer(many=True)
    memberships = DwellingSerializer(many=True)
    sources = SourceSerializer(many=True)
    looks = LookSerializer(many=True)
    left_out = serializers.BooleanField(
        help_text="Restricted values, if any are kept, are left out: the caller may not see them."
    )


class OriginSerializer(serializers.Serializer):
    """The source of a column's value."""

    column = serializers.CharField()
    form = serializers.CharField(
        allow_null=True, help_text="Its title; null for a desk act and in another area."
    )
    is_elsewhere = serializers.BooleanField(
        help_text="A record of another area: what it is and whose is not said."
    )
    instance_id = serializers.CharField(allow_null=True)
    corrected_by = serializers.CharField(
        allow_null=True,
        help_text="The instanceID of the correction whose answer this is; null: the record's own.",
    )
    path = serializers.CharField(help_text="The question's path in the form, or the record's.")
    question = serializers.CharField(help_text="The question's label.")
    worker = serializers.CharField(allow_null=True)
    observed_at = serializers.DateTimeField()
    verified_level = serializers.IntegerField()
    rule = serializers.CharField(help_text="The merge rule, M0 to M6.")


class ConditionSerializer(serializers.Serializer):
    """A condition of a flag."""

    condition = serializers.CharField()
    text = serializers.CharField()
    is_met = serializers.BooleanField()
    rules = serializers.DictField(
        child=serializers.CharField(), help_text="Key of the rule table → the value in force."
    )


class WhySerializer(serializers.Serializer):
    """Why a computed flag holds, or does not: all its conditions have to be met."""

    column = serializers.CharField()
    holds = serializers.BooleanField()
    conditions = ConditionSerializer(many=True)


class AsOfSerializer(serializers.Serializer):
    """The day as of which an entry is asked for, and the instant by which what it rests on was received and decided."""

    as_of = serializers.DateField(
        required=False, help_text="The day; by default that of `known_by`."
    )
    known_by = serializers.DateTimeField(
        required=False, help_text="The instant, with its zone; by default now."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what is missing. Refuses days to come, of which nothing is known."""
        now = clock.now()
        known_by = min(attrs.get("known_by", now), now)
        as_of = attrs.get("as_of", clock.office_day(known_by))
        if as_of > clock.today():
            raise serializers.ValidationError(
                {"as_of": _("The day has not come yet. Name today or a day before.")}
            )
        return {"as_of": as_of, "known_by": known_by}


class HistorySerializer(serializers.Serializer):
    """A value that a column of the entry had for a time."""

    column = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.JSONField(help_text="As in the entry: a code, codes, or yes and no.")
    text = serializers.CharField(help_text="The value for people.")
    from_on = serializers.DateField()
    to_on = serializers.DateField(allow_null=True, help_text="Exclusive; null while it holds.")
    why = serializers.ChoiceField(choices=[str(why) for why in Why])
    by = serializers.CharField(help_text="Who said so; empty where time or a rule did.")
    instance_id = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text="That office staff gave.")

"""Changes of divisions, as JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from server.geo.models import DivisionChange
from server.reports.division_changes import still_to_follow


class _NameSerializer(serializers.Serializer):
    """The new name or code of a division, and its first day."""

    kind = serializers.ChoiceField(
        choices=["rename", "renumber"],
        default="rename",
        help_text="`rename` needs `name`; `renumber` needs `new_code` and is for communities.",
        error_messages={
            "invalid_choice": _(
                "Only “rename” and “renumber” are offered here. Divisions that are merged or split come with a divisions file; entries do not move by it."
            )
        },
    )
    division = serializers.RegexField(r"^\d{12}$", help_text="Division code of 12 digits.")
    name = serializers.CharField(max_length=100, default="", allow_blank=True)
    name_en = serializers.CharField(max_length=100, default="", allow_blank=True)
    new_code = serializers.RegexField(
        r"^\d{12}$",
        default="",
        allow_blank=True,
        help_text="New code of 12 digits, in the same street.",
    )
    takes_effect_on = serializers.DateField(
        help_text="First day of the new name or code; today or earlier. Reports of periods that end before keep the old one."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed, other = ("name", "new_code") if attrs["kind"] == "rename" else ("new_code", "name")
        if not attrs[needed]:
            raise serializers.ValidationError({needed: _("This field is required.")})
        if attrs[other]:
            raise serializers.ValidationError(
                {other: _("One change gives a name or a code; enter the other one by itself.")}
            )
        return attrs


class AskedChangeSerializer(_NameSerializer):
    """The change whose preview is asked for."""


class NewChangeSerializer(_NameSerializer):
    """The change that is made."""

    reason = serializers.CharField(max_length=500)
    evidence = serializers.CharField(
        max_length=100, help_text="Number of the document that orders the change."
    )


class ChangeReasonSerializer(serializers.Serializer):
    """Why a change is undone."""

    reason = serializers.CharField(max_length=500)


class ChangePreviewSerializer(serializers.Serializer):
    """What the change concerns; it could be made now."""

    kind = serializers.CharField()
    division = serializers.CharField(source="division.code")
    name_before = serializers.CharField(source="division.name")
    name_en_before = serializers.CharField(source="division.name_en")
    name = serializers.CharField()
    name_en = serializers.CharField()
    new_code = serializers.CharField(help_text="Empty for another name.")
    takes_effect_on = serializers.DateField()
    households = serializers.IntegerField(help_text="In the division, as far as the caller sees.")
    persons = serializers.IntegerField()
    employers = serializers.IntegerField()
    cases = serializers.IntegerField()
    submissions = serializers.IntegerField(help_text="That stand in the division.")
    waiting = serializers.IntegerField(help_text="Of these, not processed yet.")
    rules = serializers.IntegerField(
        help_text="Decided for the division itself; they go with its code."
    )
    accounts = serializers.IntegerField(help_text="People with a role in the division.")
    phones = serializers.IntegerField(help_text="Whose lists get the new name or code.")
    reports_keeping = serializers.IntegerField(
        help_text="Prepared reports of the division that keep the old name or code."
    )
    reports_renamed = serializers.IntegerField(
        help_text="Prepared reports of the division that show the new name or code."
    )


class DivisionChangeSerializer(serializers.Serializer):
    """A division that got another name or code; undone changes stay in the list."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.CharField(read_only=True)
    division = serializers.CharField(read_only=True, source="division_id")
    new_code = serializers.CharField(read_only=True, help_text="Empty of another name.")
    to_follow = serializers.SerializerMethodField(
        help_text="Submissions that the worker has not moved to the new code yet, or back."
    )
    name_before = serializers.CharField(read_only=True)
    name_en_before = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    takes_effect_on = serializers.DateField(read_only=True)
    reason = serializers.CharField(read_only=True)
    evidence = serializers.CharField(read_only=True)
    made_at = serializers.DateTimeField(read_only=True)
    made_by = serializers.CharField(read_only=True, source="made_by.username")
    undone_at = serializers.DateTimeField(read_only=True, allow_null=True)
    undone_by = serializers.CharField(
        read_only=True, source="undone_by.username", default=None, allow_null=True
    )

    def get_to_follow(self, row: DivisionChange) -> int:
        return still_to_follow(row)

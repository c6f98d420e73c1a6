"""Changes of divisions, as JSON."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class _NameSerializer(serializers.Serializer):
    """The new name of a division, and its first day."""

    kind = serializers.ChoiceField(
        choices=["rename"],
        default="rename",
        error_messages={
            "invalid_choice": _(
                "Only “rename” is offered here. Divisions that end, are merged or split, or get another code come with a divisions file."
            )
        },
    )
    division = serializers.RegexField(r"^\d{12}$", help_text="Division code of 12 digits.")
    name = serializers.CharField(max_length=100)
    name_en = serializers.CharField(max_length=100, default="", allow_blank=True)
    takes_effect_on = serializers.DateField(
        help_text="First day of the new name; today or earlier. Reports of periods that end before keep the old name."
    )


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

    division = serializers.CharField(source="division.code")
    name_before = serializers.CharField(source="division.name")
    name_en_before = serializers.CharField(source="division.name_en")
    name = serializers.CharField(source="rename.name")
    name_en = serializers.CharField(source="rename.name_en")
    takes_effect_on = serializers.DateField(source="rename.takes_effect_on")
    households = serializers.IntegerField(help_text="In the division, as far as the caller sees.")
    persons = serializers.IntegerField()
    employers = serializers.IntegerField()
    cases = serializers.IntegerField()
    accounts = serializers.IntegerField(help_text="People with a role in the division.")
    phones = serializers.IntegerField(help_text="Whose lists get the new name.")
    reports_keeping = serializers.IntegerField(
        help_text="Prepared reports of the division that keep the old name."
    )
    reports_renamed = serializers.IntegerField(
        help_text="Prepared reports of the division that show the new name."
    )


class DivisionChangeSerializer(serializers.Serializer):
    """A division that got another name; undone changes stay in the list."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.SerializerMethodField()
    division = serializers.CharField(read_only=True, source="division_id")
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

    def get_kind(self, _row: object) -> str:
        return "rename"

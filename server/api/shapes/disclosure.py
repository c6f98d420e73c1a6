"""Serializers of export permits."""

from __future__ import annotations

from rest_framework import serializers

from server.disclosure.models import ExportPermit


class ExportPermitSerializer(serializers.Serializer):
    """Leave to read a form's records or a ledger whole and unmasked for some days in an area."""

    id = serializers.IntegerField(read_only=True, source="pk")
    user = serializers.CharField(read_only=True, source="user.username")
    kind = serializers.ChoiceField(read_only=True, choices=ExportPermit.Kind.choices)
    name = serializers.CharField(read_only=True, help_text="A form's ID, or a ledger.")
    area_code = serializers.CharField(
        read_only=True, help_text="By its leading digits; empty is everywhere."
    )
    reason = serializers.CharField(read_only=True)
    rows = serializers.IntegerField(read_only=True, help_text="Concerned when it was requested.")
    state = serializers.ChoiceField(read_only=True, choices=ExportPermit.State.choices)
    needs_consent = serializers.BooleanField(
        read_only=True, help_text="Whether a second person has to consent."
    )
    requested_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)
    decided_by = serializers.CharField(
        read_only=True, source="decided_by.username", default=None, allow_null=True
    )
    consented_at = serializers.DateTimeField(read_only=True, allow_null=True)
    refused_at = serializers.DateTimeField(read_only=True, allow_null=True)
    withdrawn_at = serializers.DateTimeField(read_only=True, allow_null=True)
    note = serializers.CharField(read_only=True, help_text="Why it was refused or withdrawn.")


class NewPermitSerializer(serializers.Serializer):
    """A request for a permit."""

    kind = serializers.ChoiceField(choices=ExportPermit.Kind.choices)
    name = serializers.CharField(
        max_length=250,
        help_text="A form's ID; or person, household, spell, case, visit, employer, vacancy.",
    )
    area = serializers.CharField(
        max_length=12,
        allow_blank=True,
        help_text="A division's code or its leading digits, within your areas.",
    )
    reason = serializers.CharField(max_length=1000)
    days = serializers.IntegerField(min_value=1, max_value=366)


class PermitNoteSerializer(serializers.Serializer):
    """Why a permit is refused or withdrawn."""

    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")

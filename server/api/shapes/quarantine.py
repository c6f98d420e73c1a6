"""Serializers of the quarantine."""

from __future__ import annotations

from rest_framework import serializers

from server.api.fields import MaskedTextField
from server.quarantine.models import Quarantined, Repair


class QuarantinedFileSerializer(serializers.Serializer):
    """A file that came with a refused record."""

    name = MaskedTextField()
    size = serializers.IntegerField(read_only=True)


class QuarantinedSerializer(serializers.Serializer):
    """A refused record: why it was refused, and how it was resolved."""

    id = serializers.IntegerField(read_only=True, source="pk")
    received_at = serializers.DateTimeField(read_only=True)
    reason = serializers.CharField(read_only=True, help_text="A problem's slug.")
    detail = MaskedTextField(source="explanation")
    form = serializers.CharField(read_only=True, source="form_id")
    form_version = serializers.CharField(read_only=True)
    instance_id = serializers.CharField(read_only=True)
    deprecated_id = serializers.CharField(read_only=True)
    submitter = serializers.CharField(
        read_only=True, source="submitter.username", default=None, allow_null=True
    )
    area_code = serializers.CharField(
        read_only=True, source="area", help_text="Whose office decides about it."
    )
    sender_area = serializers.CharField(
        read_only=True, help_text="What the areas of its sender have in common."
    )
    is_held = serializers.SerializerMethodField(
        help_text="Whether it was received and waits to count; then it cannot be repaired."
    )
    device_id = MaskedTextField()
    size = serializers.IntegerField(read_only=True)
    files = QuarantinedFileSerializer(many=True, read_only=True, source="attachments")
    tried_at = serializers.DateTimeField(read_only=True, allow_null=True)
    tried_reason = serializers.CharField(read_only=True)
    settled_at = serializers.DateTimeField(read_only=True, source="resolved_at", allow_null=True)
    settled_by = serializers.CharField(
        read_only=True, source="resolved_by.username", default=None, allow_null=True
    )
    settled_note = MaskedTextField(source="resolved_note")
    is_taken = serializers.BooleanField(read_only=True, source="is_accepted")

    def get_is_held(self, item: Quarantined) -> bool:
        return item.verdict_id is not None


class ElsewhereSerializer(serializers.Serializer):
    """A record of the caller's area that waits for the office of another area: its number and why."""

    id = serializers.IntegerField(read_only=True, source="pk")
    reason = serializers.CharField(read_only=True, help_text="A problem's slug.")
    received_at = serializers.DateTimeField(read_only=True)


class RepairSerializer(serializers.Serializer):
    """A repair of the record; the received bytes are kept beside it."""

    act = serializers.ChoiceField(read_only=True, choices=Repair.Act.choices)
    reason = MaskedTextField()
    user = serializers.CharField(read_only=True, source="user.username")
    at = serializers.DateTimeField(read_only=True)
    size = serializers.IntegerField(read_only=True)


class ReopeningSerializer(serializers.Serializer):
    """A dismissal that was undone."""

    dismissed_at = serializers.DateTimeField(read_only=True)
    dismissed_by = serializers.CharField(read_only=True, source="dismissed_by.username")
    dismissed_note = MaskedTextField()
    reason = MaskedTextField()
    user = serializers.CharField(read_only=True, source="user.username")
    at = serializers.DateTimeField(read_only=True)


class QuarantinedDetailSerializer(QuarantinedSerializer):
    """A refused record with its repairs and earlier decisions."""

    repairs = RepairSerializer(many=True, read_only=True)
    reopenings = ReopeningSerializer(many=True, read_only=True)


class RepairingSerializer(serializers.Serializer):
    """A repair to store; replay the record afterwards."""

    act = serializers.ChoiceField(choices=Repair.Act.choices)
    reason = serializers.CharField(max_length=2000)
    xml = serializers.CharField(
        required=False, default="", trim_whitespace=False, help_text="For `corrected`."
    )
    form = serializers.CharField(required=False, default="", help_text="For `form_version`.")
    version = serializers.CharField(required=False, default="", help_text="For `form_version`.")


class DecidingSerializer(serializers.Serializer):
    """Why the record is dismissed or reopened."""

    reason = serializers.CharField(max_length=2000)


class ReplayingSerializer(serializers.Serializer):
    """The reason whose records are all replayed."""

    reason = serializers.CharField(max_length=60)


class ReplayedSerializer(serializers.Serializer):
    """How many records were accepted, and by problem how many were not."""

    taken = serializers.IntegerField(read_only=True)
    refused = serializers.DictField(child=serializers.IntegerField(), read_only=True)


class KeptOutSerializer(serializers.Serializer):
    """How many records of a phone were not kept on a day because of a limit."""

    day = serializers.DateField(read_only=True)
    limit = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    submitter = serializers.CharField(read_only=True, source="submitter.username")
    area_code = serializers.CharField(read_only=True, source="area")
    count = serializers.IntegerField(read_only=True)
    bytes = serializers.IntegerField(read_only=True)

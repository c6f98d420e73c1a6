"""Serializer of the audit log."""

from __future__ import annotations

from rest_framework import serializers

from server.audit.models import AuditEntry


class AuditEntrySerializer(serializers.Serializer):
    """One act. Acts and doors that a later release adds are given as they are stored."""

    position = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Place in the chain."
    )
    at = serializers.DateTimeField(read_only=True)
    actor = serializers.CharField(
        read_only=True,
        source="actor_name",
        help_text="The user name; of a command, the system's user.",
    )
    door = serializers.CharField(
        read_only=True, help_text="console, rest, central, openrosa, command, worker."
    )
    address = serializers.CharField(read_only=True)
    device = serializers.CharField(
        read_only=True, help_text="Program or phone, as it names itself."
    )
    act = serializers.CharField(read_only=True)
    object_type = serializers.CharField(read_only=True)
    object_id = serializers.CharField(read_only=True)
    area_code = serializers.CharField(
        read_only=True,
        help_text="The narrowest area that holds all it concerns, by its leading digits.",
    )
    reason = serializers.CharField(read_only=True)
    facts = serializers.JSONField(read_only=True)
    hash = serializers.SerializerMethodField(help_text="The link of the chain, in hexadecimal.")

    def get_hash(self, row: AuditEntry) -> str:
        return bytes(row.hash or b"").hex()

"""Settings of phones per area, as JSON. The admin password goes in and never comes out."""

from __future__ import annotations

from rest_framework import serializers

from server.accounts.collect import PROTECTED


class PhoneSettingsSerializer(serializers.Serializer):
    """What the QR codes of an area's workers carry."""

    area = serializers.CharField(help_text='Leading digits of division codes; "" is everywhere.')
    has_admin_password = serializers.SerializerMethodField()
    deletes_sent = serializers.BooleanField()
    names_worker = serializers.BooleanField()
    may_change = serializers.ListField(child=serializers.CharField())
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField(source="changed_by.username")

    def get_has_admin_password(self, row: object) -> bool:
        """Whether Collect asks for a password before protected settings."""
        return bool(getattr(row, "admin_password", b""))


class KeptPhoneSettingsSerializer(serializers.Serializer):
    """What an area's settings are made."""

    admin_password = serializers.CharField(
        max_length=64,
        allow_blank=True,
        required=False,
        allow_null=True,
        default=None,
        write_only=True,
        help_text='Collect\'s password for protected settings. Left out or null keeps the present one, "" removes it.',
    )
    deletes_sent = serializers.BooleanField(
        default=True, help_text="Collect deletes records once the server has them."
    )
    names_worker = serializers.BooleanField(
        default=True, help_text="Forms that ask for `username` have the worker's user name."
    )
    may_change = serializers.MultipleChoiceField(
        choices=PROTECTED,
        default=lambda: set(PROTECTED),  # a constant set would stand in the schema in any order
        help_text="Collect's settings that workers may change without the admin password.",
    )

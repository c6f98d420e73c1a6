"""The public bulletins of vacancies, as JSON."""

from __future__ import annotations

from rest_framework import serializers


class BulletinSerializer(serializers.Serializer):
    """A division's bulletin."""

    area_code = serializers.CharField()
    contact = serializers.CharField()
    shows_employers = serializers.BooleanField()
    is_open = serializers.BooleanField()
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField(source="changed_by.username")


class KeptBulletinSerializer(serializers.Serializer):
    """What a bulletin is made."""

    contact = serializers.CharField(
        max_length=200,
        allow_blank=True,
        help_text="Where people ask for a post, as everybody may read it.",
    )
    shows_employers = serializers.BooleanField(default=True)
    is_open = serializers.BooleanField()

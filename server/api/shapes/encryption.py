"""Serializers of encryption keys; private halves and passphrases are only received, never answered."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from server.forms.encryption import as_text
from server.forms.keys import PASSPHRASE_LENGTH, PEM_BYTES
from server.forms.models import EncryptionKey
from server.submissions.models import EncryptedVersion


class CarryingVersionSerializer(serializers.Serializer):
    """A form version that uses the key."""

    form = serializers.CharField(read_only=True, source="form.form_id")
    version = serializers.CharField(read_only=True)
    is_current = serializers.SerializerMethodField()

    def get_is_current(self, version) -> bool:
        return version.pk == version.form.current_version_id


class EncryptedCountsSerializer(serializers.Serializer):
    """How many records came encrypted with the key, by state."""

    incomplete = serializers.IntegerField(read_only=True, default=0, help_text="Files missing.")
    sealed = serializers.IntegerField(
        read_only=True, default=0, help_text="Waiting for the private key or its passphrase."
    )
    opened = serializers.IntegerField(read_only=True, default=0)
    tampered = serializers.IntegerField(
        read_only=True, default=0, help_text="Altered after encryption."
    )


class EncryptionKeySerializer(serializers.Serializer):
    """A key, the form versions that use it, and the records encrypted with it."""

    fingerprint = serializers.CharField(
        read_only=True, help_text="Hex SHA-256 of the public key; the first 8 are its short name."
    )
    form = serializers.CharField(
        read_only=True,
        source="form_id",
        help_text="The form it was made for; empty when a workbook brought it.",
    )
    opening = serializers.ChoiceField(
        read_only=True,
        choices=EncryptionKey.Opening.choices,
        help_text="How its private half is opened; `none`: it is not stored here.",
    )
    public_key = serializers.SerializerMethodField(help_text="As the form version has it.")
    created_at = serializers.DateTimeField(read_only=True)
    retired_at = serializers.DateTimeField(read_only=True, allow_null=True)
    form_versions = CarryingVersionSerializer(many=True, read_only=True)
    records = serializers.SerializerMethodField()

    def get_public_key(self, key: EncryptionKey) -> str:
        return as_text(bytes(key.public_key))

    @extend_schema_field(EncryptedCountsSerializer)
    def get_records(self, key: EncryptionKey) -> dict[str, int]:
        held = self.context["records"].get(key.pk, {})
        return {state: held.get(state, 0) for state in EncryptedVersion.State.values}


def _secret(help_text: str) -> serializers.CharField:
    """An optional passphrase or password; spaces count."""
    return serializers.CharField(
        required=False,
        default=None,
        allow_null=True,
        trim_whitespace=False,
        max_length=500,
        help_text=help_text,
    )


class _PassphraseSerializer(serializers.Serializer):
    passphrase = _secret(
        f"At least {PASSPHRASE_LENGTH} characters. Without one, the server opens records by "
        "itself; with one, they stay encrypted until it is given. If it is lost, they are lost."
    )


class NewKeySerializer(_PassphraseSerializer):
    """The form that a key is made for; it need not be published yet."""

    form = serializers.CharField(max_length=250)


class PrivateKeySerializer(_PassphraseSerializer):
    """The private half of a key that form versions use."""

    pem = serializers.CharField(max_length=PEM_BYTES, trim_whitespace=False)
    password = _secret("The password of the PEM file, if it has one.")


class OpeningSerializer(serializers.Serializer):
    """The passphrase that opens the key."""

    passphrase = _secret("Not needed for a key that the server opens by itself.")


class OpenedSerializer(serializers.Serializer):
    """What this request did; repeat it while `goes_on`."""

    opened = serializers.IntegerField(read_only=True)
    altered = serializers.IntegerField(
        read_only=True, help_text="Records that were altered after encryption."
    )
    left = serializers.IntegerField(read_only=True, help_text="Records still encrypted.")
    goes_on = serializers.BooleanField(
        read_only=True, help_text="Whether repeating the request would open more."
    )

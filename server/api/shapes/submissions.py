"""Serializers of submissions."""

from __future__ import annotations

from rest_framework import serializers

from server.api.fields import MaskedTextField, PlaceField
from server.corrections.selectors import State
from server.forms.models import EncryptionKey
from server.submissions.models import EncryptedVersion, ReviewState


class SubmissionSerializer(serializers.Serializer):
    """One submission, through all its edits."""

    instance_id = serializers.CharField(read_only=True, help_text="Of the first version.")
    form = serializers.CharField(read_only=True, source="form.form_id")
    form_version = serializers.CharField(
        read_only=True, source="current_version.form_version.version", default=None, allow_null=True
    )
    title = serializers.CharField(read_only=True)
    review_state = serializers.ChoiceField(read_only=True, choices=ReviewState.choices)
    awaits_approval = serializers.BooleanField(
        read_only=True,
        help_text="Whether the submission counts in the ledgers only once it is approved.",
    )
    submitter = serializers.CharField(read_only=True, source="submitter.username")
    device_id = MaskedTextField(source="current_version.device_id", default=None, allow_null=True)
    received_at = serializers.DateTimeField(read_only=True)
    observed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    area_code = serializers.CharField(read_only=True, help_text="The community the form names.")
    located_area = serializers.CharField(
        read_only=True, help_text="The community the point falls in."
    )
    location = PlaceField(read_only=True)
    accuracy = serializers.FloatField(read_only=True, allow_null=True, help_text="Metres.")
    flags = serializers.ListField(child=serializers.CharField(), read_only=True)
    processed_at = serializers.DateTimeField(read_only=True, allow_null=True)


class DeletionSerializer(serializers.Serializer):
    """A deleted submission: what it was, who deleted it, when and why."""

    id = serializers.IntegerField(read_only=True)
    instance_id = serializers.CharField(read_only=True, source="submission.instance_id")
    form = serializers.CharField(read_only=True, source="submission.form.form_id")
    title = serializers.CharField(read_only=True, source="submission.title")
    area_code = serializers.CharField(read_only=True, source="submission.area_code")
    received_at = serializers.DateTimeField(read_only=True, source="submission.received_at")
    reason = serializers.CharField(read_only=True)
    user = serializers.CharField(read_only=True, source="user.username")
    at = serializers.DateTimeField(read_only=True)


class AttachmentSerializer(serializers.Serializer):
    """A file of a submission; numbers in its name are masked, and it is fetched by that name."""

    name = MaskedTextField()
    size = serializers.IntegerField(read_only=True)
    md5 = serializers.CharField(read_only=True)
    content_type = serializers.CharField(read_only=True)
    received_at = serializers.DateTimeField(read_only=True)


class DecisionSerializer(serializers.Serializer):
    """A decision about a submission; the latest holds."""

    state = serializers.ChoiceField(read_only=True, choices=ReviewState.choices)
    reason = MaskedTextField()
    user = serializers.CharField(read_only=True, source="user.username")
    at = serializers.DateTimeField(read_only=True)


class CommentSerializer(serializers.Serializer):
    """A comment on the submission, without a decision."""

    body = MaskedTextField()
    user = serializers.CharField(read_only=True, source="user.username")
    at = serializers.DateTimeField(read_only=True)


class VersionSerializer(serializers.Serializer):
    """One received instance: the first, or an edit."""

    instance_id = serializers.CharField(read_only=True)
    deprecated_id = serializers.CharField(read_only=True)
    form_version = serializers.CharField(read_only=True, source="form_version.version")
    received_at = serializers.DateTimeField(read_only=True)
    submitter = serializers.CharField(read_only=True, source="submitter.username")
    size = serializers.IntegerField(read_only=True)


class AnswerSerializer(serializers.Serializer):
    """One line of the filled-in form, in form order."""

    path = serializers.CharField(read_only=True, help_text="With the indexes of repeats.")
    kind = serializers.CharField(read_only=True, help_text="group, repeat or question")
    type = serializers.CharField(read_only=True)
    depth = serializers.IntegerField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    value = serializers.CharField(read_only=True, help_text="Choices by their label.")
    is_withheld = serializers.BooleanField(
        read_only=True, help_text="Empty only because your roles do not show it."
    )


class EncryptionSerializer(serializers.Serializer):
    """The state of a submission that arrived encrypted."""

    state = serializers.ChoiceField(
        read_only=True,
        choices=EncryptedVersion.State.choices,
        help_text="`sealed` waits for the key, `tampered` was altered after encryption.",
    )
    key = serializers.CharField(
        read_only=True,
        source="key.fingerprint",
        default=None,
        allow_null=True,
        help_text="The key that opens it; null when the form version has none.",
    )
    key_opening = serializers.ChoiceField(
        read_only=True,
        source="key.opening",
        default=None,
        allow_null=True,
        choices=EncryptionKey.Opening.choices,
        help_text="How that key's private half is opened.",
    )
    missing = serializers.ListField(
        child=MaskedTextField(), read_only=True, help_text="Files still to come, by name."
    )
    opened_at = serializers.DateTimeField(read_only=True, allow_null=True)


class SubmissionDetailSerializer(SubmissionSerializer):
    """A submission with its answers, versions, files and decisions."""

    encryption = EncryptionSerializer(
        read_only=True,
        source="current_version.encrypted",
        default=None,
        allow_null=True,
        help_text="Null when it arrived plain.",
    )
    answers = AnswerSerializer(many=True, read_only=True)
    versions = VersionSerializer(many=True, read_only=True, source="shown_versions")
    attachments = AttachmentSerializer(many=True, read_only=True, source="files")
    missing_files = serializers.ListField(
        child=MaskedTextField(),
        read_only=True,
        help_text="Files that the answers name and that have not arrived.",
    )
    decisions = DecisionSerializer(many=True, read_only=True)


class SendBackSerializer(serializers.Serializer):
    """Answers to send back to the worker's phone."""

    answers = serializers.ListField(
        child=serializers.CharField(max_length=500),
        max_length=200,
        help_text="The paths of the answers, as `answers` of the submission has them:"
        " /data/members[2]/edu.",
    )
    reason = serializers.CharField(max_length=2000, help_text="The worker reads it on the phone.")
    version = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=249,
        default="",
        help_text="The instanceID of the version you looked at. If an edit has replaced it since,"
        " nothing is sent back (409).",
    )


class SentBackSerializer(serializers.Serializer):
    """An answer that was sent back, and where it stands."""

    id = serializers.UUIDField(
        read_only=True, source="asked.pk", help_text="The row of the phone's list `corrections`."
    )
    path = serializers.CharField(read_only=True, source="asked.place")
    question = serializers.CharField(read_only=True, source="asked.label")
    old_value = MaskedTextField(
        source="asked.shown_value", help_text="As the phone shows it, without protected numbers."
    )
    reason = MaskedTextField()
    state = serializers.ChoiceField(
        read_only=True,
        choices=[state.value for state in State],
        help_text="waiting: no phone of the worker has fetched the list since; comment: the"
        " correction was rejected, and the reason has not come yet; edited: an edit of the record"
        " gave another answer.",
    )
    since = serializers.DateTimeField(read_only=True)
    worker = serializers.CharField(read_only=True, source="asked.worker.username")
    sent_by = serializers.CharField(read_only=True, source="asked.send_back.user.username")
    sent_at = serializers.DateTimeField(read_only=True, source="asked.send_back.at")
    correction = serializers.CharField(
        read_only=True,
        source="answer.submission.instance_id",
        default=None,
        allow_null=True,
        help_text="The instanceID of the last record that answers it, rejected or not.",
    )
    new_value = MaskedTextField(source="answer.value", default=None, allow_null=True)
    fault = serializers.CharField(
        read_only=True,
        source="answer.fault",
        default="",
        help_text="Why the answer replaces nothing; empty when it fits.",
    )


class ReviewSerializer(serializers.Serializer):
    """A new decision; `received` takes the last one back."""

    state = serializers.ChoiceField(
        choices=[choice for choice in ReviewState.choices if choice[0] != ReviewState.EDITED]
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    version = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=249,
        default="",
        help_text="The instanceID of the version you looked at. If an edit has replaced it since,"
        " nothing is decided (409).",
    )

"""Submissions: the list, answers, files, comments and decisions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api import requests
from server.api.problems import AmbiguousSubmission
from server.api.representations import Bytes
from server.api.shapes.submissions import (
    AttachmentSerializer,
    CommentSerializer,
    DecisionSerializer,
    DeletionSerializer,
    ReviewSerializer,
    SendBackSerializer,
    SentBackSerializer,
    SubmissionDetailSerializer,
    SubmissionSerializer,
)
from server.api.views.base import Door
from server.audit.models import Act
from server.core import blobs
from server.core.clock import now
from server.core.request_problems import NothingHere
from server.corrections.selectors import sent_back_of
from server.corrections.services import withdraw
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, facts_of, open_permits
from server.disclosure.services import let_out
from server.ledgers.reading.answers import ShownAnswer, for_program, shown_answers
from server.ledgers.reading.files import file_as_received
from server.ledgers.reading.redaction import document_for
from server.ledgers.services import send_back
from server.submissions import selectors, services
from server.submissions.deletions import deletions
from server.submissions.filters import DeletionFilters, SubmissionFilters
from server.submissions.models import (
    Attachment,
    Deletion,
    Submission,
    SubmissionVersion,
)
from server.submissions.selectors import Instances

FORM = OpenApiParameter("form", str, description="Needed only when two forms share the ID.")
REASON = OpenApiParameter("reason", str, description="Why; recorded. Or the header X-Reason.")


class Submissions(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Submissions, by the instance ID of their first version."""

    model = Submission
    place = "location"
    feature_key = "instance_id"
    lookup_field = "instance_id"
    lookup_value_converter = "str"
    parser_classes = (JSONParser,)
    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilters

    def rows(self) -> QuerySet[Any]:
        heavy, opened = ["form_version__xform"], ["current_version__encrypted__key"]
        if self.action != "retrieve":
            opened = []
            heavy += ["document", "form_version__mapping", "form_version__questions"]
        else:
            heavy += ["encrypted__key__private_key", "encrypted__key__public_key"]
        return (
            selectors.submissions(self.access)
            .select_related("form", "submitter", "current_version__form_version", *opened)
            .defer(*(f"current_version__{name}" for name in heavy))
        )

    def get_object(self) -> Submission:
        """The submission; another area's is not file. Raises NothingHere, AmbiguousSubmission."""
        rows = self.get_queryset().filter(instance_id=self.kwargs["instance_id"])
        form = self.request.query_params.get("form")
        matching = list(rows.filter(form__form_id=form) if form else rows)
        if not matching:
            raise NothingHere
        if len(matching) > 1:
            raise AmbiguousSubmission(forms=", ".join(row.form.form_id for row in matching))
        return matching[0]

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve" and not self._wants_geojson():
            return SubmissionDetailSerializer
        return super().get_serializer_class()

    @extend_schema(parameters=[FORM])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The submission with its answers by label; sensitive answers are masked or withheld."""
        submission = self.get_object()
        if self.get_serializer_class() is SubmissionDetailSerializer:
            files = list(self._files(submission))
            submission.files = files  # type: ignore[attr-defined]
            instances = Instances()
            missing = selectors.missing_files_of(submission.current_version, files, instances)
            submission.missing_files = missing  # type: ignore[attr-defined]
            answers = self._answers(submission, instances)
            submission.answers = answers  # type: ignore[attr-defined]
            shown = selectors.versions_of(submission).select_related("form_version", "submitter")
            submission.shown_versions = shown.defer("document")  # type: ignore[attr-defined]
        return Response(self.get_serializer(submission).data)

    @extend_schema(parameters=[FORM, REASON], responses={(200, "text/xml"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[Bytes], filterset_class=None)
    def xml(self, request: Request, instance_id: str) -> HttpResponse:
        """The instance as received, for a reason, which is logged; without restricted facts for those who lack the role."""
        submission = self.get_object()
        version = SubmissionVersion.objects.get(current_of=submission)
        document = document_for(self.access, submission.area_code, version)
        self._record(submission, None, requests.reason(request))
        return HttpResponse(document, content_type="text/xml")

    @extend_schema(parameters=[FORM], responses=AttachmentSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def attachments(self, request: Request, instance_id: str) -> Response:
        """The files of the current version."""
        rows = self._files(self.get_object())
        return Response(AttachmentSerializer(rows, many=True).data)

    @extend_schema(parameters=[FORM], responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(
        detail=True,
        methods=["get"],
        url_path="attachments/<str:name>",
        renderer_classes=[Bytes],
        filterset_class=None,
    )
    def attachment(self, request: Request, instance_id: str, name: str) -> FileResponse:
        """One file as received. Needs the same role as the instance; each opening is logged."""
        submission = self.get_object()
        file = file_as_received(self.access, submission, name)
        if file is None:
            raise NothingHere
        self._record(submission, file, "")
        return FileResponse(
            blobs.open_blob(file.sha256),
            as_attachment=True,
            filename=file.name,
            content_type="application/octet-stream",
        )

    @extend_schema(parameters=[FORM], responses=DecisionSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def decisions(self, request: Request, instance_id: str) -> Response:
        """The decisions about the submission, oldest first."""
        rows = self.get_object().decisions.select_related("user")
        return Response(DecisionSerializer(rows, many=True).data)

    @extend_schema(parameters=[FORM], responses=CommentSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def comments(self, request: Request, instance_id: str) -> Response:
        """The comments on the submission, which ODK Central's clients write at /v1; oldest first."""
        rows = self.get_object().comments.select_related("user")
        return Response(CommentSerializer(rows, many=True).data)

    @extend_schema(parameters=[FORM], request=ReviewSerializer, responses={201: DecisionSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def review(self, request: Request, instance_id: str) -> Response:
        """Approve or reject the submission, or report issues; the ledgers are updated later."""
        submission = self.get_object()
        body = self.read_body(ReviewSerializer)
        decision = services.review(
            submission=submission,
            state=body["state"],
            reason=body["reason"],
            version=body["version"],
            reviewer=self.user,
            access=self.access,
            at=now(),
        )
        return Response(DecisionSerializer(decision).data, status=201)

    @extend_schema(parameters=[FORM], responses=SentBackSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        url_path="send-back",
        filterset_class=None,
        pagination_class=None,
    )
    def send_back(self, request: Request, instance_id: str) -> Response:
        """What of the submission was sent back to the worker's phone, the latest first."""
        return self._sent_back(self.get_object())

    @extend_schema(
        parameters=[FORM],
        request=SendBackSerializer,
        responses={201: SentBackSerializer(many=True)},
    )
    @send_back.mapping.post
    def ask_again(self, request: Request, instance_id: str) -> Response:
        """Ask the worker to give some answers again; they become rows of the phone's list `corrections`."""
        submission = self.get_object()
        body = self.read_body(SendBackSerializer)
        send_back(
            submission=submission,
            places=body["answers"],
            reason=body["reason"],
            version=body["version"],
            reviewer=self.user,
            access=self.access,
            at=now(),
        )
        return self._sent_back(submission, status=201)

    @extend_schema(parameters=[FORM], request=None, responses=SentBackSerializer(many=True))
    @action(
        detail=True,
        methods=["post"],
        url_path="send-back/withdraw",
        filterset_class=None,
        pagination_class=None,
    )
    def withdraw(self, request: Request, instance_id: str) -> Response:
        """Take back what still waits for the worker; the rows leave the phone's list."""
        submission = self.get_object()
        withdraw(submission=submission, actor=self.user, access=self.access, at=now())
        return self._sent_back(submission)

    def _sent_back(self, submission: Submission, status: int = 200) -> Response:
        rows = sent_back_of(self.access, submission)
        return Response(SentBackSerializer(rows, many=True).data, status=status)

    @extend_schema(parameters=[FORM, REASON], responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the submission out of lists and ledgers; `deletions/` lists it, from where it can be restored."""
        services.delete(
            submission=self.get_object(),
            reason=requests.reason(request),
            user=self.user,
            access=self.access,
            at=now(),
        )
        return Response(status=204)

    def _files(self, submission: Submission) -> QuerySet[Attachment]:
        return selectors.files_of(submission.current_version_id)

    def _answers(self, submission: Submission, instances: Instances) -> list[ShownAnswer]:
        """The current version's answers as the caller may see them; none while it is encrypted."""
        version = submission.current_version
        instance = instances.answers(version) if version else None
        if version is None or instance is None:
            return []
        opened = open_permits(self.access, ExportPermit.Kind.FORM, submission.form.form_id)
        is_whole = submission.area_code.startswith(areas_of(opened))
        clearance = for_program(self.access, submission.area_code, areas_of(opened))
        if is_whole:
            self._record_export(submission, opened)
        return shown_answers(instance, version.form_version, clearance)

    def _record(self, submission: Submission, file: Attachment | None, reason: str) -> None:
        let_out(
            submission,
            user=self.user,
            access=self.access,
            file=file,
            reason=reason,
            permit_only=False,
        )

    def _record_export(self, submission: Submission, opened: list[ExportPermit]) -> None:
        services.disclose_record(
            submission,
            user=self.user,
            act=Act.EXPORT,
            column="answers",
            reason="",
            facts=facts_of(opened),
        )


class Deletions(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Deleted submissions, which can be restored; nothing purges them."""

    model = Deletion
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    serializer_class = DeletionSerializer
    filterset_class = DeletionFilters

    def rows(self) -> QuerySet[Any]:
        return deletions(self.access)

    def get_object(self) -> Deletion:
        """Raises NothingHere."""
        row = self.get_queryset().filter(pk=self.kwargs["id"]).first()
        if row is None:
            raise NothingHere
        return row

    @extend_schema(request=None, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def restore(self, request: Request, id: int) -> Response:
        """Let the submission stand in lists and ledgers again."""
        restored = services.restore(
            deletion=self.get_object(), user=self.user, access=self.access, at=now()
        )
        return Response(SubmissionSerializer(restored, context=requests.context(request)).data)

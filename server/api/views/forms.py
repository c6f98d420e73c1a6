"""Forms: the list, publishing, versions, state, approval, audience."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import PUBLISHERS
from server.accounts.selectors import manageable_workers
from server.api.representations import Bytes
from server.api.shapes.forms import (
    AudienceSerializer,
    FormChangeSerializer,
    FormSerializer,
    FormVersionSerializer,
    WorkbookSerializer,
)
from server.api.views.base import Door
from server.core import blobs
from server.core.clock import now
from server.core.request_problems import NothingHere
from server.core.spreadsheets import XLSX_TYPE
from server.forms import selectors, services
from server.forms.filters import FormFilters
from server.forms.models import Form, FormVersion
from server.forms.problems import NoSuchForm, NoWorkbook
from server.submissions.selectors import with_awaiting
from server.submissions.services import set_approval

VERSION = OpenApiParameter("version", str, description="The current version when left out.")


class Forms(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Forms by their form ID. A form holds no personal data: all staff see all forms."""

    model = Form
    holds_persons = False
    lookup_field = "form_id"
    lookup_value_converter = "str"
    parser_classes = (JSONParser,)
    serializer_class = FormSerializer
    filterset_class = FormFilters

    def rows(self) -> QuerySet[Any]:
        return (
            with_awaiting(selectors.forms(self.access), self.access)
            .defer(
                "current_version__xform", "current_version__mapping", "current_version__questions"
            )
            .prefetch_related(Prefetch("audience", selectors.audiences(self.access)))
            .order_by("form_id")
        )

    def get_object(self) -> Form:
        form = self.get_queryset().filter(form_id=self.kwargs["form_id"]).first()
        if form is None:
            raise NoSuchForm(form_id=self.kwargs["form_id"][:100])
        return form

    def get_parsers(self) -> list[Any]:
        if self.request is not None and self.request.method == "POST":
            return [MultiPartParser()]
        return super().get_parsers()

    @extend_schema(
        request={"multipart/form-data": WorkbookSerializer},
        responses={200: FormVersionSerializer, 201: FormVersionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Publish an .xlsx, .xls or XForm with its media: 201, or 200 when the same content was published before."""
        self.require(PUBLISHERS)
        body = self.read_body(WorkbookSerializer)
        workbook = request.FILES["workbook"]
        publication = services.publish_workbook(
            workbook=workbook.read(),
            filename=workbook.name,
            publisher=self.user,
            media={file.name: file.read() for file in request.FILES.getlist("media")},
            may_make_lists=body["new_lists"],
        )
        version = selectors.versions(self.access).get(pk=publication.form_version.pk)
        return Response(
            FormVersionSerializer(version).data, status=201 if publication.is_new else 200
        )

    @extend_schema(request=FormChangeSerializer, responses=FormSerializer)
    def partial_update(self, request: Request, form_id: str) -> Response:
        """Set the form's state (`open`: listed and accepting, `closing`: accepting only, `closed`) and whether records need approval."""
        self.require(PUBLISHERS)
        body = self.read_body(FormChangeSerializer)
        if "needs_approval" in body:
            set_approval(form_id=form_id, needed=body["needs_approval"], at=now(), actor=self.user)
        if "state" in body:
            services.set_state(form_id=form_id, state=body["state"], actor=self.user)
        return self.retrieve(request, form_id=form_id)

    @extend_schema(responses=FormVersionSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def versions(self, request: Request, form_id: str) -> Response:
        """All published versions, newest first."""
        rows = selectors.versions(self.access).filter(form=self.get_object())
        return Response(FormVersionSerializer(rows, many=True).data)

    @extend_schema(request=AudienceSerializer, responses=FormSerializer)
    @action(detail=True, methods=["put"], filterset_class=None)
    def audience(self, request: Request, form_id: str) -> Response:
        """Replace the audience: areas ("" is everywhere) and single workers."""
        self.require(PUBLISHERS)
        form = self.get_object()
        body = self.read_body(AudienceSerializer)
        mine = manageable_workers(self.access, PUBLISHERS)
        members = {user.username: user for user in mine.filter(username__in=body["users"])}
        if unknown := sorted(set(body["users"]) - set(members)):
            raise serializers.ValidationError({"users": unknown}, code="unknown")
        services.offer_only(
            form=form, areas=body["areas"], users=list(members.values()), actor=self.user
        )
        return self.retrieve(request, form_id=form_id)

    @extend_schema(parameters=[VERSION], responses={(200, XLSX_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[Bytes], filterset_class=None)
    def workbook(self, request: Request, form_id: str) -> FileResponse:
        """The .xlsx that the version was made from; an .xls was made into one. 404 for a form given as an XForm."""
        version = self._version(request)
        if not version.has_workbook:
            raise NoWorkbook(form_id=form_id)
        if not blobs.exists(version.workbook_sha256):
            raise NothingHere
        file = blobs.open_blob(version.workbook_sha256)
        name = f"{form_id}-{version.version}.xlsx" if version.version else f"{form_id}.xlsx"
        return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX_TYPE)

    @extend_schema(parameters=[VERSION], responses={(200, "text/xml"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], renderer_classes=[Bytes], filterset_class=None)
    def xform(self, request: Request, form_id: str) -> HttpResponse:
        """The XForm exactly as phones get it."""
        version = FormVersion.objects.only("xform").get(pk=self._version(request).pk)
        return HttpResponse(bytes(version.xform), content_type="text/xml; charset=utf-8")

    def _version(self, request: Request) -> FormVersion:
        form = self.get_object()
        rows = selectors.versions(self.access).filter(form=form)
        name = request.query_params.get("version")
        matching = rows.filter(current_of=form) if name is None else rows.filter(version=name)
        version = matching.first()
        if version is None:
            raise NothingHere
        return version

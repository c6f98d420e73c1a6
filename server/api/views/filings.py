"""Reports on their way to the office above: who has sent in what, the acts, frozen tables, corrections, sums."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.filings import (
    BoardAskedSerializer,
    FilingActSerializer,
    FilingSerializer,
    NewFilingSerializer,
    ReportCorrectionSerializer,
    ReportSumSerializer,
    StandingSerializer,
    plain_correction,
    plain_filing,
    plain_sum,
)
from server.api.views.base import Door
from server.reports import services
from server.reports.corrections import correction_of, sum_of_children
from server.reports.course import Step
from server.reports.filings import board, filing_numbered
from server.reports.models import Filing


class Filings(ViewSetMixin, Door):
    """Reports on their way to the office above."""

    model = Filing
    holds_persons: ClassVar[bool] = False
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    pagination_class = None
    filter_backends = ()
    parser_classes = (JSONParser,)

    @extend_schema(parameters=[BoardAskedSerializer], responses=StandingSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Who has sent in which report of a period: a division and those right below it, with due dates."""
        asked = BoardAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        standings = board(
            self.access, area=given["area"], period=given["period"], code=given["report"] or None
        )
        return Response(StandingSerializer(standings, many=True).data)

    @extend_schema(request=NewFilingSerializer, responses={201: FilingSerializer})
    def create(self, request: Request) -> Response:
        """Begin the report of a division and period as a draft."""
        given = self.read_body(NewFilingSerializer)
        filing = services.prepare(
            code=given["report"],
            area=given["area"],
            period=given["period"],
            user=self.user,
            access=self.access,
        )
        return self._answer(filing, 201)

    @extend_schema(responses=FilingSerializer)
    def retrieve(self, request: Request, id: int) -> Response:
        """A report with what was done with it, and the table that was submitted last, verified."""
        return self._answer(filing_numbered(self.access, id))

    @extend_schema(request=FilingActSerializer, responses=FilingSerializer)
    @action(detail=True, methods=["post"])
    def acts(self, request: Request, id: int) -> Response:
        """Check, submit, withdraw, return, accept or lock a report."""
        given = self.read_body(FilingActSerializer)
        filing = services.take_step(
            number=id,
            step=Step(given["act"]),
            reason=given["reason"],
            user=self.user,
            access=self.access,
        )
        return self._answer(filing)

    @extend_schema(responses=ReportCorrectionSerializer)
    @action(detail=True, methods=["get"])
    def correction(self, request: Request, id: int) -> Response:
        """The correction report: the frozen table beside the present one, with the entries behind each difference."""
        correction = correction_of(self.access, filing_numbered(self.access, id))
        return Response(ReportCorrectionSerializer(plain_correction(correction)).data)

    @extend_schema(responses=ReportSumSerializer)
    @action(detail=True, methods=["get"])
    def sum(self, request: Request, id: int) -> Response:
        """The sum of the frozen reports right below, beside what the division counts itself."""
        total = sum_of_children(self.access, filing_numbered(self.access, id))
        return Response(ReportSumSerializer(plain_sum(total)).data)

    def _answer(self, filing: Any, status: int = 200) -> Response:
        plain = plain_filing(self.access, filing)
        return Response(FilingSerializer(plain).data, status=status)

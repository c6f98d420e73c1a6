"""Entries of ledgers over REST: reading them, and what office staff decide about them; `ledgers` says which ledger has what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import common_prefix
from server.api import ledger_files, typed_files
from server.api.filters import PAGING
from server.api.ledger_files import FILES, FORMATS, CsvFile, ExcelFile, GeoPackageFile
from server.api.shapes.decisions import (
    ActSerializer,
    CandidateSerializer,
    CorrectionSerializer,
    MoveSerializer,
    NextMoveSerializer,
    RelationSerializer,
)
from server.api.shapes.ledgers import (
    AsOfSerializer,
    HistorySerializer,
    OriginSerializer,
    ReasonSerializer,
    entry_serializer,
    users_of,
)
from server.api.views.base import Door
from server.audit.models import Act
from server.audit.services import record
from server.core.clock import now, today
from server.core.request_problems import NothingHere
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, facts_of, open_permits
from server.ledgers import selectors, services
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import name_of
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import AssistanceCase, DeskAct
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import NoSuchEntry


class Entries(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """One ledger. A subclass names the model."""

    model: ClassVar[type[LedgerEntry]]
    lookup_field = "id"
    lookup_value_converter = "uuid"
    parser_classes = (JSONParser,)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "model"):
            cls.place = cls.model.ledger.place

    @property
    def ledger(self) -> LedgerDefinition:
        """The ledger's declaration."""
        return self.model.ledger

    def rows(self) -> QuerySet[Any]:
        return (
            selectors.rows_of(self.access, self.ledger.name)
            .select_related("recorded_by", "source_submission__form", *users_of(self.model))
            .order_by("pk")
        )

    @cached_property
    def permits(self) -> list[ExportPermit]:
        """The caller's open export permits for this ledger."""
        if getattr(self, "swagger_fake_view", False):
            return []
        return open_permits(self.access, ExportPermit.Kind.LEDGER, name_of(self.model))

    def whole_areas(self) -> tuple[str, ...]:
        return areas_of(self.permits)

    def export_facts(self) -> dict[str, object]:
        return facts_of(self.permits)

    def get_renderers(self) -> list[Any]:
        if self.action != "list":
            return super().get_renderers()
        files = [renderer() for renderer in FILES]
        if self.place:
            files.append(GeoPackageFile())
        return [*super().get_renderers(), *files]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The entries of the caller's areas, by page or cursor; with `format=csv`, `xlsx`, `parquet` or `gpkg` all of them that pass the filters, as a file."""
        kind = getattr(request, "accepted_renderer", None)
        if kind is None or kind.format not in FORMATS:
            return super().list(request, *args, **kwargs)
        self.refuse_links()
        rows = self.filter_queryset(self.get_queryset())
        record(
            Act.EXPORT,
            actor=self.user,
            object_type=name_of(self.model),
            area=common_prefix(self.access.areas()),
            facts={
                "rows": rows.count(),
                "filters": sorted(set(request.query_params) - PAGING),
                "format": kind.format,
                **self.export_facts(),
            },
        )
        return self._file(rows, kind.format, kind.media_type)

    def _file(self, rows: QuerySet[Any], format: str, media_type: str) -> HttpResponseBase:
        serializer, title = self.get_serializer(), str(self.ledger.label)
        name = f"{self.ledger.path}-{today():%Y%m%d}.{format}"
        if format == CsvFile.format:
            return StreamingHttpResponse(
                ledger_files.csv_parts(rows, serializer),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        if format == ExcelFile.format:
            file = ledger_files.workbook(rows, serializer, title)
        elif format == GeoPackageFile.format:
            file = typed_files.geopackage(rows, serializer, self.ledger.path, title, self.place)
        else:
            file = typed_files.parquet(rows, serializer, self.place)
        return FileResponse(file, as_attachment=True, filename=name, content_type=media_type)

    def get_object(self) -> Any:
        """The entry with this id, or the one it was merged into. Raises NothingHere, also outside the caller's areas."""
        entry = self.get_queryset().filter(pk=self._asked_id()).first()
        if entry is None:
            raise NothingHere
        return entry

    def entry_id(self) -> UUID:
        """The id of `get_object`'s entry, of which nothing else is read. Raises NothingHere alike."""
        entry_id = self._asked_id()
        if not selectors.in_reach(self.access, {self.ledger.name: [entry_id]}):
            raise NothingHere
        return entry_id

    def _asked_id(self) -> UUID:
        asked: UUID = self.kwargs["id"]
        if self.ledger.part_of:
            return asked
        return selectors.resolve(self.ledger.name, asked) or asked

    @extend_schema(parameters=[AsOfSerializer])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One entry, masked unless an export permit for the ledger is open; with `as_of` or `known_by` as it was on that day, by what had been received and decided by that instant.

        404 when it was in no ledger then, or in that of another area.
        """
        if not {"as_of", "known_by"} & request.query_params.keys():
            return Response(self.get_serializer(self._recorded(self.get_object())).data)
        asked = AsOfSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        entry = selectors.entry_as_of(
            self.access,
            self.get_object(),
            on=asked.validated_data["as_of"],
            known_by=asked.validated_data["known_by"],
        )
        if entry is None:
            raise NothingHere
        kind = entry_serializer(self.model)
        self._recorded(entry)
        shown = kind(entry, context=self.get_serializer_context()).data
        del shown["row_version"]  # of the present entry
        return Response(shown)

    @extend_schema(responses=HistorySerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, id: UUID) -> Response:
        """The states and remembered values that the entry went through, the latest first."""
        steps = selectors.histories(self.access, [self.get_object()])
        return Response(HistorySerializer(steps, many=True).data)

    def _recorded(self, entry: Any) -> Any:
        """The entry; that it is given out whole is recorded."""
        if entry.area_code.startswith(self.whole_areas()):
            record(
                Act.EXPORT,
                actor=self.user,
                object_type=name_of(self.model),
                object_id=entry.pk,
                area=entry.area_code,
                facts={"rows": 1, **self.export_facts()},
            )
        return entry

    @extend_schema(responses=OriginSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def origins(self, request: Request, id: UUID) -> Response:
        """The source of every column's value."""
        entry = self.get_object()
        hidden = selectors.hidden_columns(self.access, entry)
        rows = [
            {"column": name, **asdict(origin)}
            for name, origin in selectors.provenance(self.access, entry).items()
            if name not in hidden
        ]
        return Response(OriginSerializer(rows, many=True).data)


class Acted(Entries):
    """A ledger about whose entries office staff decide: the decisions, and undoing them."""

    def decided_about(self) -> tuple[str, UUID]:
        """The family and the entry that decisions about the entry are stored about. Raises NothingHere."""
        if self.model is not AssistanceCase:
            return self.ledger.name, self.entry_id()
        case = self.get_object()
        if case.subject_person_id:
            return Family.PERSON, case.subject_person_id
        return Family.HOUSEHOLD, case.subject_household_id

    def acts_on(self, entry_id: UUID) -> QuerySet[DeskAct]:
        """What was decided about an entry and not undone, also of one that was voided, which has no row. Raises NothingHere."""
        try:
            about = self.decided_about()
        except NothingHere:
            family = self.ledger.name
            acts = selectors.desk_acts_on(
                self.access, family, selectors.resolve(family, entry_id) or entry_id
            )
            if self.ledger.part_of or not acts.exists():
                raise
            return acts
        return selectors.desk_acts_on(self.access, *about)

    @extend_schema(responses=ActSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def acts(self, request: Request, id: UUID) -> Response:
        """What office staff decided about the entry and did not undo, the latest first; of a case, about its person or household.

        Answers for a voided entry, too.
        """
        acts = self.acts_on(id).select_related("user")
        return Response(ActSerializer(acts, many=True).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path="acts/<int:act>/undo", filterset_class=None)
    def undo(self, request: Request, id: UUID, act: int) -> Response:
        """Undo a decision: the ledgers become what they were without it."""
        stored = self.acts_on(id).filter(pk=act).first()
        if stored is None:
            raise NothingHere
        services.undo(act=stored, access=self.access, at=now())
        return Response(status=204)


class Decided(Acted):
    """A ledger whose entries office staff correct and void."""

    @extend_schema(request=CorrectionSerializer, responses={201: ActSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def correct(self, request: Request, id: UUID) -> Response:
        """Set the value of a column; it weighs as a street review (V3). Undone by its act."""
        entry, body = self.entry_id(), self.read_body(CorrectionSerializer)
        act = services.correct(
            family=self.ledger.name,
            entry=entry,
            column=body["column"],
            value=body["value"],
            reason=body["reason"],
            access=self.access,
            at=now(),
        )
        return Response(ActSerializer(act).data, status=201)

    @extend_schema(request=ReasonSerializer, responses={201: ActSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def void(self, request: Request, id: UUID) -> Response:
        """Take the entry out of its ledger, until the act is undone."""
        entry, body = self.entry_id(), self.read_body(ReasonSerializer)
        act = services.void(
            family=self.ledger.name,
            entry=entry,
            reason=body["reason"],
            access=self.access,
            at=now(),
        )
        return Response(ActSerializer(act).data, status=201)


class Compared(Decided):
    """A ledger whose entries are compared with each other: office staff say which are the same."""

    @extend_schema(responses=CandidateSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def candidates(self, request: Request, id: UUID) -> Response:
        """The entries of the office that may be the same as this one, with reasons; the likest first."""
        alike = selectors.candidates(self.access, self.get_object())
        return Response(CandidateSerializer(alike, many=True).data)

    @extend_schema(request=RelationSerializer, responses={201: ActSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def same(self, request: Request, id: UUID) -> Response:
        """Say that this entry and another are the same: they are one until the act is undone."""
        return self._relate(services.mark_same)

    @extend_schema(request=RelationSerializer, responses={201: ActSerializer})
    @action(detail=True, methods=["post"], url_path="not-same", filterset_class=None)
    def not_same(self, request: Request, id: UUID) -> Response:
        """Say that this entry and another are not the same: they are not proposed until the act is undone."""
        return self._relate(services.mark_not_same)

    def _relate(self, verdict: Callable[..., DeskAct]) -> Response:
        entry, body = self.get_object(), self.read_body(RelationSerializer)
        family, other = self.ledger.name, body["other"]
        resolved = selectors.resolve(family, other) or other
        if not selectors.in_reach(self.access, {family: [resolved]}):
            raise NoSuchEntry(family=family, entry=other)
        act = verdict(
            family=family,
            entry=entry.pk,
            other=resolved,
            reason=body["reason"],
            access=self.access,
            at=now(),
        )
        return Response(ActSerializer(act).data, status=201)


class Moves(Acted):
    """A ledger whose entries go from state to state."""

    @extend_schema(responses=NextMoveSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def moves(self, request: Request, id: UUID) -> Response:
        """The states that may follow the present one, with what each move needs."""
        moves = services.next_moves(self.access, self.get_object())
        return Response(NextMoveSerializer(moves, many=True).data)

    @extend_schema(request=MoveSerializer, responses={201: ActSerializer})
    @moves.mapping.post
    def move(self, request: Request, id: UUID) -> Response:
        """Move the entry to another state, with the values that belong to the move. Undone as one by its act."""
        entry, body = self.get_object(), self.read_body(MoveSerializer)
        act = services.move(entry=entry, access=self.access, at=now(), **body)
        return Response(ActSerializer(act).data, status=201)


class Moved(Decided, Moves):
    """A ledger whose entries office staff move, correct and void."""

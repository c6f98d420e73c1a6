"""The seekers that suit a vacancy, and the vacancies that suit a person."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from server.api.shapes.matching import (
    MatchesSerializer,
    OfVacancySerializer,
    SuggestedSerializer,
    ToPersonSerializer,
)
from server.api.views.entries import Acted
from server.core.clock import now, today
from server.ledgers import selectors, services


class Sought(Acted):
    """Vacancies, for which seekers are looked for."""

    @extend_schema(responses=MatchesSerializer)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def seekers(self, request: Request, id: UUID) -> Response:
        """The persons who suit the vacancy, at most 50, with reasons; the best first.

        None who has work, does not look for any, cannot work, is under 16 or is not active here,
        and none of a vacancy that is filled, expired or withdrawn.
        """
        matches = selectors.seekers_for(self.access, self.get_object(), today())
        return Response(MatchesSerializer(matches).data)

    @extend_schema(request=ToPersonSerializer, responses={201: SuggestedSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def suggest(self, request: Request, id: UUID) -> Response:
        """Suggest the vacancy to a person: an offer in its first state, followed as any other. Undone by its act, at the offer.

        409 if the vacancy was offered to the person before, or something excludes the match.
        """
        vacancy, body = self.entry_id(), self.read_body(ToPersonSerializer)
        act = services.suggest(vacancy=vacancy, access=self.access, at=now(), **body)
        return Response(SuggestedSerializer(act).data, status=201)


class Placed(Acted):
    """Persons, for whom vacancies are looked for."""

    @extend_schema(responses=MatchesSerializer)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def vacancies(self, request: Request, id: UUID) -> Response:
        """The open vacancies that suit the person, at most 50, with reasons; the best first."""
        matches = selectors.vacancies_for(self.access, self.get_object(), today())
        return Response(MatchesSerializer(matches).data)

    @extend_schema(request=OfVacancySerializer, responses={201: SuggestedSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def suggest(self, request: Request, id: UUID) -> Response:
        """Suggest a vacancy to the person: an offer in its first state, followed as any other. Undone by its act, at the offer.

        409 if the vacancy was offered to the person before, or something excludes the match.
        """
        person, body = self.entry_id(), self.read_body(OfVacancySerializer)
        act = services.suggest(person=person, access=self.access, at=now(), **body)
        return Response(SuggestedSerializer(act).data, status=201)

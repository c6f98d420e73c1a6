"""Where and when a visit was, and the flags of what is implausible."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from server.accounts.models import User
from server.accounts.services import grant
from server.core.clock import OFFICE
from server.geo.models import Boundary
from server.quarantine.services import receive_or_quarantine
from server.submissions.models import Submission
from server.submissions.steps import place
from tests.factories.submissions import RECEIVED_AT, instance, make_form, make_phone, sender_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(divisions):
    make_form()
    for code, west in (("440106003001", 113.35), ("440106003002", 113.36)):
        outline = MultiPolygon(Polygon.from_bbox((west, 23.13, west + 0.01, 23.14)), srid=4326)
        Boundary.objects.create(division_id=code, outline=outline)
    return make_phone()


def placed(
    phone, number: int = 1, areas: tuple[str, ...] = ("440106003001",), **answers: str
) -> Submission:
    document = instance(number, **answers)
    receipt = receive_or_quarantine(
        document=document, sender=sender_of(phone, areas), received_at=RECEIVED_AT
    )
    place([receipt.submission_id])
    return Submission.objects.get(pk=receipt.submission_id)


def test_a_plausible_visit_is_stored_without_flags(phone) -> None:
    submission = placed(phone, loc="23.1301 113.3501 12.0 8.5")

    assert submission.observed_at == datetime(2026, 11, 20, 9, 30, tzinfo=OFFICE)
    assert (submission.area_code, submission.located_area) == ("440106003001", "440106003001")
    assert (submission.location.x, submission.location.y, submission.accuracy) == (
        113.3501,
        23.1301,
        8.5,
    )
    assert submission.title == "入户 示范路1号"
    assert submission.flags == []
    assert submission.processed_at


def test_a_title_never_holds_a_persons_number(phone) -> None:
    document = instance(1).replace(
        "instanceName>入户 示范路1号".encode(),
        "instanceName>440106003001 陈大文 44990119650101018x，020-00001234 2026-11-20".encode(),
    )
    receipt = receive_or_quarantine(
        document=document, sender=sender_of(phone), received_at=RECEIVED_AT
    )
    place([receipt.submission_id])

    title = Submission.objects.get(pk=receipt.submission_id).title
    assert title == "440106003001 陈大文 4499**************，020*******34 2026-11-20"


@pytest.mark.parametrize(
    ("answers", "flags"),
    [
        ({"loc": ""}, ["no_location"]),
        ({"loc": "here"}, ["no_location"]),
        ({"loc": "95 113"}, ["no_location"]),
        ({"loc": "23.1301 113.3501"}, []),
        ({"loc": "23.1301 113.3501 0 100"}, []),
        ({"loc": "23.1301 113.3501 0 100.5"}, ["inaccurate"]),
        ({"loc": "23.1301 113.3601 0 5"}, ["outside_area"]),
        ({"loc": "23.1301 113.3601 0 25"}, []),
        ({"loc": "1 1 0 500"}, ["inaccurate", "outside_area"]),
        ({"loc": "1 1 0 5", "area": "440106005001", "areas": ("440106",)}, []),
        ({"visited_at": "2027-01-15T09:30:00.000+08:00"}, ["clock"]),
        ({"visited_at": "1999-12-31T09:30:00.000+08:00"}, ["clock"]),
        ({"visited_at": "2026-11-21T10:00:00.000+08:00"}, []),
        ({"visited_at": "yesterday"}, []),
        ({"visited_at": ""}, []),
    ],
)
def test_an_implausible_place_or_time_is_flagged_and_not_refused(phone, answers, flags) -> None:
    submission = placed(phone, **answers)

    assert submission.flags == flags
    assert submission.observed_at <= RECEIVED_AT + timedelta(days=1)
    if flags == ["clock"]:
        assert submission.observed_at == RECEIVED_AT


def test_a_visit_that_names_no_community_belongs_where_its_point_or_its_worker_is(phone) -> None:
    assert placed(phone, 1, area="").area_code == "440106003001"
    assert placed(phone, 2, area="", loc="").area_code == "440106003001"
    both = ("440106003001", "440106003002")
    assert placed(phone, 3, both, area="", loc="").area_code == "440106003"
    assert placed(phone, 4, both, area="", loc="23.1301 113.3601 0 5").area_code == "440106003002"
    assert placed(phone, 5, ("440106",), area="440106", loc="").area_code == "440106000000"
    assert placed(phone, 6, both, area="nowhere", loc="").area_code == "440106003"
    # The areas at receipt count, whatever the worker has been given since.
    grant(user=User.objects.get(), role="worker", area="440106003002", actor=None)
    assert placed(phone, 7, area="", loc="").area_code == "440106003001"


def test_a_batch_costs_the_same_few_statements_as_one(phone, django_assert_max_num_queries) -> None:
    ids = [
        receive_or_quarantine(
            document=instance(number), sender=sender_of(phone), received_at=RECEIVED_AT
        ).submission_id
        for number in range(30)
    ]
    with django_assert_max_num_queries(6):  # one of them for codes that divisions got
        place(ids)

    assert set(Submission.objects.values_list("area_code", flat=True)) == {"440106003001"}
    before = list(Submission.objects.order_by("pk").values("area_code", "flags", "observed_at"))
    place(ids)
    assert before == list(
        Submission.objects.order_by("pk").values("area_code", "flags", "observed_at")
    )

"""Which roles a user holds where, and the filters that follow (security.md, Areas and access)."""

from __future__ import annotations

import pytest
from django.db.models import Q

from server.accounts.access import (
    ADMINISTRATORS,
    READERS,
    RESTRICTED,
    REVIEWERS,
    Access,
    access_of,
    common_prefix,
    read_as_everybody,
    within,
)
from server.accounts.models import Role, User
from server.core import row_security

STREET, OTHER_STREET, COMMUNITY = "440106003", "440106005", "440106003001"
NOTHING = Q(pk__in=())


def access(*grants):
    return Access(1, tuple(grants))


@pytest.mark.parametrize(
    ("grants", "roles", "areas"),
    [
        ([], READERS, ()),
        ([(Role.STREET, STREET)], READERS, (STREET,)),
        ([(Role.STREET, STREET)], ADMINISTRATORS, ()),
        ([(Role.STREET, STREET), (Role.STREET, OTHER_STREET)], READERS, (STREET, OTHER_STREET)),
        ([(Role.STREET, STREET), (Role.WORKER, COMMUNITY)], READERS, (STREET,)),  # covers it
        ([(Role.STREET, STREET), (Role.COUNTY, "4401")], READERS, ("4401",)),
        ([(Role.STREET, STREET), (Role.COUNTY, "4401")], REVIEWERS, (STREET,)),
        ([(Role.ADMINISTRATOR, ""), (Role.STREET, STREET)], READERS, ("",)),
        ([(Role.RESTRICTED, STREET)], READERS, ()),
        ([(Role.RESTRICTED, STREET)], RESTRICTED, (STREET,)),
    ],
)
def test_the_areas_of_roles(grants, roles, areas):
    assert access(*grants).areas(roles) == areas
    if roles is READERS:
        assert access(*grants).areas() == areas
        assert access(*grants).within() == within(areas)
    assert access(*grants).within("code", roles) == within(areas, "code")


@pytest.mark.parametrize(
    ("grants", "areas"),
    [
        ([(Role.WORKER, COMMUNITY), (Role.STREET, STREET)], (COMMUNITY,)),
        ([(Role.STREET, STREET)], (STREET,)),
        ([(Role.COUNTY, "4401")], ()),
    ],
)
def test_records_are_sent_for_the_workers_areas_or_else_those_of_the_office(grants, areas):
    assert access(*grants).sends_from() == areas


@pytest.mark.parametrize(
    ("area", "allowed"),
    [(COMMUNITY, True), (STREET, True), ("440106", False), (OTHER_STREET, False), ("", False)],
)
def test_a_role_reaches_down_and_not_up(area, allowed):
    assert access((Role.STREET, STREET)).may(REVIEWERS, area) is allowed
    assert access((Role.STREET, STREET)).may(ADMINISTRATORS, area) is False
    assert access((Role.ADMINISTRATOR, "")).may(REVIEWERS, area) is True


@pytest.mark.parametrize(
    ("giver", "grants", "allowed"),
    [
        ((Role.STREET, STREET), [(Role.WORKER, COMMUNITY)], True),
        ((Role.STREET, STREET), [(Role.WORKER, "440106005001")], False),
        ((Role.STREET, STREET), [(Role.STREET, STREET)], False),
        ((Role.STREET, STREET), [(Role.WORKER, COMMUNITY), (Role.RESTRICTED, COMMUNITY)], False),
        ((Role.ADMINISTRATOR, "4401"), [(Role.STREET, STREET), (Role.WORKER, COMMUNITY)], True),
        ((Role.ADMINISTRATOR, "4401"), [(Role.STREET, "4403")], False),
        ((Role.COUNTY, "4401"), [(Role.WORKER, COMMUNITY)], False),
        ((Role.ADMINISTRATOR, "4401"), [], False),  # who holds no role may be given any next
        ((Role.ADMINISTRATOR, ""), [], True),
    ],
)
def test_nobody_opens_roles_beyond_their_own(giver, grants, allowed):
    assert access(giver).may_give(grants) is allowed


@pytest.mark.parametrize(
    ("area", "areas", "allowed"),
    [
        (STREET, [COMMUNITY, STREET], True),
        (STREET, [COMMUNITY, OTHER_STREET], False),
        (STREET, [""], False),
        (STREET, [], False),
        ("", [], True),
        ("", [STREET, ""], True),
    ],
)
def test_an_account_is_administered_in_all_its_areas(area, areas, allowed):
    assert access((Role.ADMINISTRATOR, area)).administers(areas) is allowed
    assert access((Role.STREET, area)).administers(areas) is False


def test_access_by_some_roles_alone():
    everything = access((Role.WORKER, COMMUNITY), (Role.STREET, STREET), (Role.COUNTY, "4401"))
    assert everything.held_as(REVIEWERS) == access((Role.STREET, STREET))
    assert everything.held_as(ADMINISTRATORS) == access()


def test_a_filter_of_areas():
    assert within([]) == NOTHING
    assert within([""]) == ~NOTHING
    assert within([STREET, ""]) == ~NOTHING
    street, other = (Q(area_code__startswith=area) for area in (STREET, OTHER_STREET))
    assert within([STREET, OTHER_STREET]) == NOTHING | street | other
    assert within([STREET], "code") == NOTHING | Q(code__startswith=STREET)


@pytest.mark.parametrize(
    "user", [User(pk=1, is_active=False), User(is_active=True), User(is_active=False)]
)
def test_an_inactive_or_unknown_user_has_no_access(user):
    assert access_of(user) == Access(0, ())


def test_the_grants_of_an_active_user_are_read_from_the_database():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        access_of(User(pk=1, is_active=True))


@pytest.mark.parametrize(
    ("codes", "prefix"),
    [
        ([], ""),
        ([COMMUNITY], COMMUNITY),
        ([COMMUNITY, "440106003002"], STREET),
        ([STREET, COMMUNITY], STREET),
        ([COMMUNITY, "440106005001"], "440106"),
        (["440106003001", "440305001001"], "44"),
        (["440106003001", "450106003001"], ""),
        (["440106003001", "440106003001"], COMMUNITY),
    ],
)
def test_the_narrowest_division_that_contains_all(codes, prefix):
    assert common_prefix(codes) == prefix


def test_access_can_be_narrowed_to_some_roles():
    access = Access(7, (("street", STREET), ("administrator", COMMUNITY), ("restricted", "")))
    assert access.held_as({"administrator", "restricted"}) == Access(
        7, (("administrator", COMMUNITY), ("restricted", ""))
    )
    assert access.held_as(()) == Access(7, ())


def test_a_request_reads_the_areas_of_its_user_and_nothing_before_they_are_known():
    with row_security.entered():
        assert row_security.areas_now() == ()
        Access(7, (("street", "440106003"),)).reads()
        assert row_security.areas_now() == ("440106003",)
    assert row_security.areas_now() == ("",)  # commands and the worker


def test_what_everybody_reads_lies_in_one_area():
    with row_security.entered():
        read_as_everybody("440106003")
        assert not row_security.sees_all()
        assert row_security.areas_now() == ("440106003",)

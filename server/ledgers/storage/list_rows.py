"""What the rows of the entity lists are made of, read from the ledgers for the entries selected.

What a row names in another street is left out: lists are made for communities, and no phone
shows people and homes of another office. The first rows are those due first, because a list is cut off at `limit`. `version` is 1 for
an entry that no list has shown yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from server.core.codes import code_lists
from server.geo.models import Level
from server.ledgers.definitions.sensitivity import RESTRICTED_CATEGORIES
from server.ledgers.definitions.vocabulary import OPEN_VACANCY_STATES, VISITED, EntityList
from server.ledgers.storage.database import query, words
from server.ledgers.storage.fragments import (
    is_listed_person,
    is_listed_retiree,
    is_open_vacancy,
    office_day,
    open_case,
    open_entries,
    same_office,
)
from server.ledgers.storage.selections import Selection, in_areas

_OPEN_CATEGORIES = sorted(set(code_lists()["AC"].codes) - RESTRICTED_CATEGORIES)
"""The assistance categories that phones may know of."""


HELD: Final = timedelta(days=14)
"""How long a person keeps the rank by which the list of persons showed the row, after the reason has gone."""


class CommunityRow(NamedTuple):
    """A community with a point inside its outline."""

    code: str
    name: str
    street: str | None
    lat: float | None
    lon: float | None


class HouseholdRow(NamedTuple):
    """A household with what its list shows."""

    id: str
    version: int
    lat: float | None
    lon: float | None
    area_code: str
    hh_no: str
    address: str
    building: str
    room: str
    head_name: str
    n_members: int | None
    is_assisted: bool  # in a category that phones may know of
    last_visit: date | None
    next_due: date | None  # of its open cases and those of its residents


class CaseRow(NamedTuple):
    """An open assistance case with its person and household."""

    id: str
    version: int
    lat: float | None
    lon: float | None
    area_code: str
    person_id: str | None
    household_id: str | None
    person_name: str | None
    relation: str | None
    sex: str | None
    birth_year: int | None
    address: str
    building: str
    room: str
    categories: list[str]
    state: str
    last_visit: date | None
    next_due: date | None
    offers: int
    case_no: str


class EmployerRow(NamedTuple):
    """An employer with its open vacancies."""

    id: str
    version: int
    lat: float | None
    lon: float | None
    area_code: str
    name: str
    address: str
    contact: str
    vacancies: int
    last_visit: date | None


class PersonRow(NamedTuple):
    """A person with the household where they are counted."""

    id: str
    version: int
    area_code: str
    household_id: str | None
    name: str
    relation: str | None
    sex: str | None
    birth_year: int | None
    building: str
    room: str
    last_confirmed_on: date | None
    offer: str | None  # the latest entry that is still open: its uuid, a space, its title
    training: str | None
    transfer: str | None
    floating: str | None
    flexible: str | None


class VacancyRow(NamedTuple):
    """An open vacancy with its employer's name."""

    id: str
    version: int
    area_code: str
    employer_id: str | None
    employer_name: str
    title: str
    occupation: str
    wage_min: Decimal | None
    wage_max: Decimal | None
    n_left: int | None
    n_filled: int
    is_public_welfare: bool
    accepts_assisted: bool
    expires_on: date | None


class RetireeRow(NamedTuple):
    """A retired person with the home where the person is counted."""

    id: str
    version: int
    area_code: str
    person_id: str | None
    name: str
    sex: str | None
    birth_year: int | None
    building: str
    room: str
    qual_on: date | None


def community_rows(areas: Iterable[str], day: date, limit: int) -> list[CommunityRow]:
    """The communities of these areas that exist on the day, by code."""
    return query(
        f"""
        select community.code, community.name, street.name as street,
               st_y(place.point) as lat, st_x(place.point) as lon
          from geo_division community
          left join geo_division street on street.code = community.parent_id
          left join lateral (
               select st_pointonsurface(outline) as point from geo_boundary
                where division_id = community.code
                order by valid_from desc nulls last limit 1) place on true
         where community.level = {Level.COMMUNITY:d} and {in_areas("community.code", areas)}
           and (community.valid_from is null or community.valid_from <= %s)
           and (community.valid_to is null or community.valid_to > %s)
         order by community.code limit %s
        """,  # noqa: S608 digits only
        (day, day, limit),
        row=CommunityRow,
    )


def household_rows(selection: Selection, limit: int) -> list[HouseholdRow]:
    """Households, due first, then by address."""
    return query(
        f"""
        select house.id::text as id, coalesce(listed.version, 1) as version,
               st_y(loc) as lat, st_x(loc) as lon, house.area_code, hh_no,
               coalesce(address, '') as address, coalesce(building, '') as building,
               coalesce(room, '') as room, coalesce(head.name, '') as head_name, n_members,
               assisted_categories && %s::varchar[] as is_assisted,
               {office_day("last.at")} as last_visit, due.next_due
          from ledgers_household house
          left join ledgers_person head on head.id = house.head_person_id
                and {same_office("head", "house")}
          left join (select household_id, max(visited_at) as at from ledgers_visit
                      where outcome in ({words(VISITED)}) and {selection.households("household_id")}
                      group by household_id) last on last.household_id = house.id
          left join (select coalesce(subject_household_id, person.household_id) as household_id,
                            min(next_due) as next_due
                       from ledgers_assistancecase open_case
                       left join ledgers_person person on person.id = open_case.subject_person_id
                      where {selection.open_cases("open_case")}
                      group by 1) due on due.household_id = house.id
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.HOUSEHOLDS}' and listed.entity = house.id
         where {selection.rows("house.area_code", "house.id")}
         order by due.next_due nulls last, house.area_code, address, room, house.id
         limit %s
        """,  # noqa: S608 digits only
        (_OPEN_CATEGORIES, limit),
        row=HouseholdRow,
    )


def case_rows(selection: Selection, limit: int) -> list[CaseRow]:
    """Open cases, due first."""
    return query(
        f"""
        select open_case.id::text as id, coalesce(listed.version, 1) as version,
               st_y(house.loc) as lat, st_x(house.loc) as lon, open_case.area_code,
               person.id::text as person_id, house.id::text as household_id,
               coalesce(person.name, head.name) as person_name, person.relation,
               person.sex, extract(year from person.birth_date)::int as birth_year,
               coalesce(house.address, person.residence_addr, '') as address,
               coalesce(house.building, '') as building, coalesce(house.room, '') as room,
               open_case.category as categories, open_case.state, open_case.last_visit,
               open_case.next_due, coalesce(open_case.offers_n, 0) as offers,
               open_case.case_no
          from ledgers_assistancecase open_case
          left join ledgers_person person on person.id = open_case.subject_person_id
                and {same_office("person", "open_case")}
          left join ledgers_household house
                 on house.id = coalesce(open_case.subject_household_id, person.household_id)
                and {same_office("house", "open_case")}
          left join ledgers_person head on head.id = house.head_person_id
                and {same_office("head", "open_case")}
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.CASES}' and listed.entity = open_case.id
         where {open_case("open_case")} and {selection.rows("open_case.area_code", "open_case.id")}
         order by open_case.next_due nulls last, open_case.area_code, open_case.id
         limit %s
        """,  # noqa: S608 digits only
        (limit,),
        row=CaseRow,
    )


def employer_rows(selection: Selection, limit: int) -> list[EmployerRow]:
    """Employers by area and name."""
    return query(
        f"""
        select employer.id::text as id, coalesce(listed.version, 1) as version,
               st_y(loc) as lat, st_x(loc) as lon, employer.area_code,
               coalesce(employer.name, '') as name, coalesce(address, '') as address,
               coalesce(contact, '') as contact, open.n as vacancies,
               {office_day("last.at")} as last_visit
          from ledgers_employer employer
          cross join lateral (
               select count(*) as n from ledgers_vacancy vacancy
                where vacancy.employer_id = employer.id
                  and vacancy.state in ({words(OPEN_VACANCY_STATES)})) open
          cross join lateral (
               select max(visited_at) as at from ledgers_visit visit
                where visit.employer_id = employer.id and visit.outcome in ({words(VISITED)})) last
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.EMPLOYERS}' and listed.entity = employer.id
         where {selection.rows("employer.area_code", "employer.id")}
         order by employer.area_code, employer.name, employer.id limit %s
        """,  # noqa: S608 digits only
        (limit,),
        row=EmployerRow,
    )


def person_rows(selection: Selection, limit: int, *, today: date, quarter: date) -> list[PersonRow]:
    """Persons, whole households at a time: those with somebody assisted first, then due, then not confirmed since the quarter began.

    Whoever was confirmed, or whose case was closed, in the last HELD counts as before.
    """
    return query(
        f"""
        with listed_person as (
            select person.id, person.area_code, household_id, name, relation, sex, birth_date,
                   last_confirmed_on,
                   exists (select from ledgers_assistancecase held_case
                            where held_case.subject_person_id = person.id
                              and held_case.category && %s::varchar[]
                              and ({open_case("held_case")} or held_case.closed_on >= %s)
                          ) as is_assisted,
                   (select min(next_due) from ledgers_assistancecase due_case
                     where due_case.subject_person_id = person.id and {open_case("due_case")}
                   ) as next_due,
                   coalesce(person.last_confirmed_on not between %s and %s, true) as is_to_confirm
              from ledgers_person person
             where {is_listed_person("person")} and {selection.rows("person.area_code", "person.id")}
        )
        select person.id::text as id, coalesce(listed.version, 1) as version, person.area_code,
               house.id::text as household_id, coalesce(person.name, '') as name, person.relation,
               person.sex, extract(year from person.birth_date)::int as birth_year,
               coalesce(house.building, '') as building, coalesce(house.room, '') as room,
               person.last_confirmed_on, {open_entries("person")}
          from listed_person person
          left join ledgers_household house on house.id = person.household_id
                and {same_office("house", "person")}
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.PERSONS}' and listed.entity = person.id
        window home as (partition by coalesce(person.household_id, person.id))
         order by bool_or(is_assisted) over home desc, min(next_due) over home nulls last,
                  bool_or(is_to_confirm) over home desc, person.area_code, house.address,
                  house.room, coalesce(person.household_id, person.id),
                  person.relation nulls last, person.birth_date, person.id
         limit %s
        """,  # noqa: S608 digits only
        (_OPEN_CATEGORIES, today - HELD, quarter, today - HELD - timedelta(days=1), limit),
        row=PersonRow,
    )


def vacancy_rows(selection: Selection, limit: int) -> list[VacancyRow]:
    """Open vacancies: public-welfare posts and those that take assisted people first, then those that expire first."""
    return query(
        f"""
        select vacancy.id::text as id, coalesce(listed.version, 1) as version, vacancy.area_code,
               employer.id::text as employer_id, coalesce(employer.name, '') as employer_name,
               coalesce(vacancy.title, '') as title, coalesce(occupation, '') as occupation,
               wage_min, wage_max, greatest(n_wanted - coalesce(n_filled, 0), 0) as n_left,
               coalesce(n_filled, 0) as n_filled,
               coalesce(is_public_welfare, false) as is_public_welfare,
               coalesce(accepts_assisted, false) as accepts_assisted, expires_on
          from ledgers_vacancy vacancy
          left join ledgers_employer employer on employer.id = vacancy.employer_id
                and {same_office("employer", "vacancy")}
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.VACANCIES}' and listed.entity = vacancy.id
         where {is_open_vacancy("vacancy")} and {selection.rows("vacancy.area_code", "vacancy.id")}
         order by coalesce(is_public_welfare, false) or coalesce(accepts_assisted, false) desc,
                  expires_on nulls last, vacancy.area_code, vacancy.id
         limit %s
        """,  # noqa: S608 digits only
        (limit,),
        row=VacancyRow,
    )


def retiree_rows(selection: Selection, limit: int) -> list[RetireeRow]:
    """Retired persons, whose proof of life is the oldest first, none before all."""
    return query(
        f"""
        select retiree.id::text as id, coalesce(listed.version, 1) as version, retiree.area_code,
               person.id::text as person_id, coalesce(person.name, '') as name, person.sex,
               extract(year from person.birth_date)::int as birth_year,
               coalesce(house.building, '') as building, coalesce(house.room, '') as room,
               retiree.qual_on
          from ledgers_retiree retiree
          left join ledgers_person person on person.id = retiree.person_id
                and {same_office("person", "retiree")}
          left join ledgers_household house on house.id = person.household_id
                and {same_office("house", "retiree")}
          left join ledgers_listedentity listed
                 on listed.list = '{EntityList.RETIREES}' and listed.entity = retiree.id
         where {is_listed_retiree("retiree")} and {selection.rows("retiree.area_code", "retiree.id")}
         order by retiree.qual_on nulls first, retiree.area_code, house.address, house.room,
                  retiree.id
         limit %s
        """,  # noqa: S608 digits only
        (limit,),
        row=RetireeRow,
    )

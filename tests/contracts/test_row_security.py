"""The second wall: what the database itself shows and lets write, whatever a query forgot (decision 0275)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models, transaction
from django.test import Client

from server.accounts import access
from server.core import row_security
from server.core.row_security import Crossing
from server.geo.models import AreaCodeField
from server.ledgers.definitions.vocabulary import Family, LinkState, MembershipRole
from server.ledgers.reading import entries
from server.ledgers.storage.declared import declared_rows
from server.ops import row_policies
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.any_row import make_row

HERE, THERE = COMMUNITY, OTHER_STREET_COMMUNITY
ELSEWHERE_TOO = "440107001001"
BY_TABLE = {model._meta.db_table: model for model in row_policies.models_with_tables()}
WITH_AREA = [BY_TABLE[table] for table in sorted(row_policies.RULES)]
SERVER = Path(row_policies.__file__).parents[1]


@contextmanager
def reading(*areas: str, user_id: int | None = None) -> Iterator[None]:
    """As a request of somebody with these areas."""
    with row_security.entered():
        row_security.read_as(areas, user_id)
        yield


@pytest.fixture
def rows(divisions) -> dict[str, dict[str, Any]]:
    """A row of every table with a rule, in each of two streets."""
    from server.submissions.models import Submission

    made = {
        model._meta.label: {area: make_row(model, area) for area in (HERE, THERE)}
        for model in WITH_AREA
    }
    for version in made["submissions.SubmissionVersion"].values():
        Submission.objects.filter(pk=version.submission_id).update(current_version=version)
    return made


def test_every_table_has_a_rule_or_a_reason(db) -> None:
    tables = set(connection.introspection.table_names())
    named = set(row_policies.RULES) | set(row_policies.OPEN)
    known = {"django_migrations", "spatial_ref_sys"}
    assert tables - named - known == set(), "name the table in server/ops/row_policies.py"
    assert named - tables == set()
    assert set(row_policies.RULES) & set(row_policies.OPEN) == set()


def test_a_table_with_an_area_is_open_only_where_that_is_decided() -> None:
    having_an_area = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if any(
            isinstance(field, AreaCodeField) and not field.primary_key
            for field in model._meta.local_fields
        )
    }
    assert having_an_area & set(row_policies.OPEN) == {
        "accounts_formergrant",
        "accounts_phonesettings",
        "accounts_rolegrant",
        "forms_formaudience",
        "geo_divisionchange",
        "ledgers_rulevalue",
    }


def test_the_policies_of_the_database_are_those_declared(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select tablename, policyname from pg_policies where schemaname = 'public'")
        present = set(cursor.fetchall())
        cursor.execute("select relname from pg_class where relrowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
    assert present == {(policy.table, policy.name) for policy in row_policies.policies()}
    assert secured == set(row_policies.RULES)


def test_without_a_filter_each_reader_sees_the_rows_of_the_own_areas(rows) -> None:
    both = {STREET, THERE}
    wrong = []
    for label, made in rows.items():
        model = apps.get_model(label)
        for areas, expected in (
            ((), set()),
            ((STREET,), {HERE}),
            ((THERE,), {THERE}),
            ((STREET, ELSEWHERE_TOO), {HERE}),
            ((ELSEWHERE_TOO,), set()),
            (tuple(both), {HERE, THERE}),
            (("",), {HERE, THERE}),
        ):
            with reading(*areas):
                keys = {row.pk for row in model._base_manager.all()}
            seen = {area for area, row in made.items() if row.pk in keys}
            if seen != expected:
                wrong.append((label, areas, seen))
    assert wrong == []


@pytest.mark.parametrize("view", sorted(row_policies.INDEXED))
def test_a_view_for_an_index_shows_what_its_table_shows(rows, view) -> None:
    table = row_policies.INDEXED[view][0]
    for areas in ((), (STREET,), (THERE,), (STREET, ELSEWHERE_TOO), ("",)):
        with reading(*areas), connection.cursor() as cursor:
            cursor.execute(f"select id from {table}")
            by_policy = set(cursor.fetchall())
            cursor.execute(f"select id from {view}")
            assert set(cursor.fetchall()) == by_policy
            assert bool(by_policy) == bool({STREET, THERE, ""} & set(areas))


def test_what_has_the_owners_rights_is_listed(db) -> None:
    """A view or a function that the owner has made reads past the policies; there are no others."""
    with connection.cursor() as cursor:
        cursor.execute("select viewname from pg_views where viewowner = current_user")
        views = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "select proname, proacl::text from pg_proc"
            " where prosecdef and proowner = current_user::regrole and prorettype <> 'trigger'::regtype"
        )
        functions = dict(cursor.fetchall())
    assert views == {*row_policies.ARRIVALS, *row_policies.INDEXED}
    assert set(functions) == set(row_policies.FUNCTIONS)
    for rights in functions.values():  # the owner's and the two roles'; "=X" would be everybody's
        assert re.findall(r"[{,](\w*)=X", rights) == ["ruhu", "ruhu_web", "ruhu_worker"]


@pytest.fixture
def two_places(rows) -> Any:
    """The side of a link by which the first street sees what the second declares of a person who is registered there."""
    from server.ledgers.models import EntryLink, Household, Membership, Person, Visit

    persons = rows["ledgers.Person"]
    Membership.objects.all().delete()
    Membership.objects.create(
        id=uuid4(), household=rows["ledgers.Household"][THERE], person=persons[THERE],
        role=MembershipRole.HUKOU, from_on="2020-01-01", contribution=1,
    )  # fmt: skip
    Person.objects.filter(pk=persons[THERE].pk).update(
        hukou_addr="THERE hukou", residence_addr="THERE residence", phone="THERE"
    )
    Household.objects.filter(area_code=THERE).update(address="THERE house", dibao_status="1")
    Visit.objects.filter(area_code=THERE).update(person=persons[THERE])
    side = EntryLink.objects.get(area_code=HERE)
    side.family, side.state = Family.PERSON, LinkState.TWO_PLACES
    side.entry, side.other_entry = persons[HERE].pk, persons[THERE].pk
    side.save()
    return side


def declared(side: Any, *areas: str) -> dict[tuple[str, str], Any]:
    with reading(*areas):
        return {(row.role, row.ledger): row for row in declared_rows(side.pk)}


def test_of_two_places_each_office_is_shown_what_the_other_declares_and_no_more(two_places) -> None:
    rows = declared(two_places, STREET)
    assert set(rows) == {("hukou", "person"), ("hukou", "household")}
    person, household = rows["hukou", "person"], rows["hukou", "household"]
    assert (person.hukou_addr, household.address) == ("THERE hukou", "THERE house")
    assert (person.residence_addr, person.phone) == (None, None)


def test_a_role_that_the_own_office_states_is_not_declared(two_places, rows) -> None:
    from server.ledgers.models import Membership

    Membership.objects.create(
        id=uuid4(), household=rows["ledgers.Household"][HERE], person=rows["ledgers.Person"][HERE],
        role=MembershipRole.HUKOU, from_on="2020-01-01", contribution=1,
    )  # fmt: skip
    assert declared(two_places, STREET) == {}
    Membership.objects.filter(person=rows["ledgers.Person"][THERE]).update(role="resident")
    stated = declared(two_places, STREET)
    assert set(stated) == {("resident", "person"), ("resident", "visit")}
    assert stated["resident", "person"].residence_addr == "THERE residence"
    assert stated["resident", "person"].hukou_addr is None


@pytest.mark.parametrize("areas", [(), (THERE,), (ELSEWHERE_TOO,), (STREET[:-1] + "9",)])
def test_nothing_is_declared_to_another_office(two_places, areas) -> None:
    assert declared(two_places, *areas) == {}


@pytest.mark.parametrize("state", [state for state in LinkState if state != LinkState.TWO_PLACES])
def test_nothing_is_declared_before_both_desks_agree(two_places, state) -> None:
    type(two_places).objects.filter(pk=two_places.pk).update(state=state)
    assert declared(two_places, STREET) == {}


def test_a_view_for_arrivals_tells_numbers_only(rows) -> None:
    with reading(STREET), connection.cursor() as cursor:
        for view, (_table, columns, shown) in row_policies.ARRIVALS.items():
            hidden = set(columns.split(", ")) - set(shown.split(", "))
            for column in hidden:
                with pytest.raises(ProgrammingError, match="permission"), transaction.atomic():
                    cursor.execute(f"select {column} from {view}")


def test_without_a_reader_there_is_no_row(rows) -> None:
    with row_security.entered():
        assert {label for label in rows if apps.get_model(label)._base_manager.exists()} == set()


def test_the_worker_sees_and_writes_every_row(rows, settings) -> None:
    settings.RUHU_WEB_ROLE = row_policies.WORKER
    with row_security.entered():
        for label, made in rows.items():
            keys = {row.pk for row in apps.get_model(label)._base_manager.all()}
            assert {row.pk for row in made.values()} <= keys, label
        household = rows["ledgers.Household"][THERE]
        assert type(household).objects.filter(pk=household.pk).update(row_version=2) == 1


def _is_refused(write: Any) -> bool:
    try:
        with transaction.atomic():
            return not write()
    except ProgrammingError as error:
        return "row-level security" in str(error) or "permission denied" in str(error)


def test_no_row_is_written_changed_or_removed_across_areas(rows) -> None:
    wrong = []
    for label, made in rows.items():
        model = apps.get_model(label)
        column = next((name for name in ("area_code", "area") if name in _columns(model)), None)
        theirs = model._base_manager.filter(pk=made[THERE].pk)
        mine = model._base_manager.filter(pk=made[HERE].pk)
        some = next(
            f for f in model._meta.local_concrete_fields if not f.primary_key and not f.generated
        )
        same = {some.attname: getattr(made[THERE], some.attname)}
        with reading(STREET):
            if not _is_refused(lambda: theirs.update(**same)):  # noqa: B023
                wrong.append(f"{label}: changed")
            if not _is_refused(lambda: theirs._raw_delete(theirs.db)):  # noqa: B023
                wrong.append(f"{label}: removed")
            is_bound = column and label not in ("audit.AuditEntry", "submissions.ApprovedVersion")
            if is_bound and not _is_refused(lambda: mine.update(**{column: THERE})):  # noqa: B023
                wrong.append(f"{label}: moved")
    assert wrong == []


def _columns(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.local_concrete_fields}


def test_no_row_is_added_elsewhere(rows) -> None:
    from server.ledgers.models import Household
    from server.submissions.models import Submission

    for model in (Household, Submission):
        copy = model.objects.get(pk=rows[model._meta.label][THERE].pk)
        copy.pk = copy.pk.__class__(int=7) if hasattr(copy.pk, "hex") else 10**9
        if model is Submission:
            copy.instance_id, copy.current_version = "uuid:another", None
        with reading(STREET):
            assert _is_refused(lambda: copy.save(force_insert=True) or True)  # noqa: B023


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set reason = ''",
        "delete from audit_entry",
        "truncate audit_entry",
        "alter table audit_entry disable trigger user",
        "alter table ledgers_person disable row level security",
        "alter policy ruhu_none on ledgers_person using (true)",
        "create table stolen (id int)",
        "create function stolen() returns int language sql as 'select 1'",
        "truncate ledgers_person",
        "delete from django_migrations",
        "copy ledgers_person to program 'cat'",
        "set session authorization postgres",
    ],
)
@pytest.mark.parametrize("role", [row_policies.WEB, row_policies.WORKER])
def test_the_serving_roles_work_with_rows_and_nothing_else(db, settings, role, statement) -> None:
    settings.RUHU_WEB_ROLE = role
    refused = r"permission|privileges|must be owner|does not exist"
    with reading(""), connection.cursor() as cursor, pytest.raises(ProgrammingError, match=refused):
        cursor.execute(statement)


def test_the_roles_are_bound_by_policies(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolname from pg_roles where rolname like 'ruhu\\_%'"
            " and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)"
        )
        assert {name for (name,) in cursor.fetchall()} >= {row_policies.WEB, row_policies.WORKER}


@pytest.mark.django_db(transaction=True)
def test_a_connection_keeps_nobodys_areas() -> None:
    with reading(STREET, user_id=7), connection.cursor() as cursor:
        cursor.execute("select current_setting('ruhu.areas'), current_user")
        assert cursor.fetchone() == (STREET, row_policies.WEB)
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('ruhu.areas', true), current_user")
        areas, role = cursor.fetchone()
        assert (areas or "", role) == ("", "ruhu")


def test_settings_follow_the_reader_inside_a_transaction(db) -> None:
    def areas() -> str:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('ruhu.areas', true)")
            return cursor.fetchone()[0] or ""

    with reading(STREET):
        assert areas() == STREET
        with row_security.across_areas(Crossing.ARRIVAL):
            assert areas() == row_security.EVERYWHERE
        assert areas() == STREET
        with (
            pytest.raises(ProgrammingError),
            transaction.atomic(),
            row_security.across_areas(Crossing.ARRIVAL),
            connection.cursor() as cursor,
        ):
            cursor.execute("select nothing_of_that_name")
        assert areas() == STREET
    assert areas() == ""


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_fetched_in_portions_are_the_readers() -> None:
    from server.geo.models import Division, Level

    Division.objects.create(code=HERE, level=Level.COMMUNITY, name="示范")
    mine, _theirs = (make_row(apps.get_model("ledgers.Household"), area) for area in (HERE, THERE))
    with reading(STREET):
        rows = row_security.carried(type(mine).objects.order_by("pk").iterator(chunk_size=1))
    assert [row.pk for row in rows] == [mine.pk], "they are sent after the request's end"


LISTS = (
    "submissions", "quarantine", "households", "persons", "spells", "employers", "vacancies",
    "cases", "visits", "exceptions", "audit",
)  # fmt: skip


@pytest.fixture
def _no_query_is_kept() -> Iterator[None]:
    """The query of a reader is built once a process: neither an earlier one nor one of this test may serve elsewhere."""
    entries._rows_of.cache_clear()
    yield
    entries._rows_of.cache_clear()


@pytest.mark.usefixtures("_no_query_is_kept")
@pytest.mark.parametrize("name", LISTS)
def test_a_forgotten_filter_gives_nothing_of_another_area(
    rows, make_user, monkeypatch, name
) -> None:
    """Every selector filters through Access.within; here it lets everything pass."""
    client = Client()
    client.force_login(make_user("li", role="administrator", area=STREET))
    everything = ~models.Q(pk__in=())
    monkeypatch.setattr(access.Access, "within", lambda *_given, **_named: everything)
    page = client.get(f"/api/v1/{name}/?page_size=500")
    assert page.status_code == 200
    assert THERE not in page.text
    assert name == "audit" or HERE in page.text or STREET in page.text or page.json()["results"]

"""The shortest way to PostgreSQL: the same values as through psycopg's cursor, whatever happened to the connection."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.core.statements import run

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = "select %(a)s::int, %(b)s::text, %(c)s::bytea, %(d)s::timestamptz, %(e)s::text[], %(a)s::int, 'x' like '%%'"
VALUES = {
    "a": st.none() | st.integers(-(2**31), 2**31 - 1),
    "b": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    "c": st.none() | st.binary(),
    "d": st.none() | st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(1, 1, 3)),  # noqa: DTZ001
    "e": st.none() | st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
}


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.fixed_dictionaries(VALUES))
def test_every_value_comes_back_as_through_the_cursor(values) -> None:
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        expected = cursor.execute(ECHO, values).fetchone()

    assert run(ECHO, values) == expected


def test_no_row_is_none() -> None:
    assert run("select 1 where %(a)s::int = 2", {"a": 1}) is None


def test_it_is_part_of_the_transaction_around_it() -> None:
    with transaction.atomic():
        assert run("select txid_current_if_assigned()", {}) == (None,)
        first = run("select txid_current()", {})
        assert run("select txid_current()", {}) == first
        run("select set_config('ruhu.told', 'kept', true)", {})
        assert run("select current_setting('ruhu.told')", {}) == ("kept",)
        transaction.set_rollback(True)

    assert run("select current_setting('ruhu.told', true)", {}) in ((None,), ("",))
    assert run("select txid_current()", {}) != run("select txid_current()", {})


def test_errors_are_psycopgs_with_their_state() -> None:
    with pytest.raises(psycopg.errors.DivisionByZero) as raised:
        run("select 1 / %(a)s::int", {"a": 0})

    assert raised.value.sqlstate == "22012"
    assert run("select 1", {}) == (1,)


@pytest.mark.parametrize("how", ["by the server", "here"])
def test_a_connection_that_was_closed_is_replaced(how) -> None:
    assert run("select %(a)s::int", {"a": 1}) == (1,)
    if how == "here":
        connection.connection.close()
    else:
        pid = connection.connection.info.backend_pid
        with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [pid])

    assert run("select %(a)s::int", {"a": 2}) == (2,)

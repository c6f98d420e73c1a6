"""Runs SQL statements that are prepared once per connection; and limits waits for locks.

`run` is for the few paths where microseconds count. Django's cursor writes every parameter
into the text of the statement (a document of 10 KB becomes 20 KB of hex, parsed and planned
anew each time), and sends `SELECT 1` first to check the connection. psycopg's cursor takes
twice as long as `run` over a prepared statement (decision 0152).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import LockNotAvailable, QueryCanceled, error_from_result

from server.core import row_security
from server.core.problems import Problem

DATABASE_AWAY: Final = (
    InterfaceError,
    OperationalError,
    psycopg.InterfaceError,
    psycopg.OperationalError,
)
"""What Django and psycopg raise while PostgreSQL is down or restarting."""


def is_time_out(error: BaseException) -> bool:
    """Whether the database ended a statement that took too long (`statement_timeout`)."""
    return isinstance(error, QueryCanceled) or isinstance(error.__cause__, QueryCanceled)


@contextmanager
def waiting_at_most(patience: str, otherwise: type[Problem]) -> Iterator[None]:
    """Limit the wait for each lock ("10s") from here to the end of the surrounding transaction.

    If a lock is not granted in time, `otherwise` is raised; it should have a `retry_after`.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [patience])
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable) or is_time_out(error):
            raise otherwise from None
        raise


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text as a value: UTF-8 without NUL."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


_Row = tuple[Any, ...] | None
_PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\)s|(%))")
_HAS_ROWS: Final = pq.ExecStatus.TUPLES_OK


def run(
    statement: LiteralString, parameters: Mapping[str, Any], *, without_areas: bool = False
) -> _Row:
    """Run a statement on Django's connection and return its first row, or None.

    `without_areas` says that nothing it reads or writes has a policy, so that the reader's areas
    need not be sent with it.

    The statement takes part in the surrounding transaction. Outside one it commits by
    itself, and when the server has closed the connection (restart, failover) it is sent once
    more on a new one: it must be safe to run twice. Raises psycopg's errors.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    try:
        return _send(wrapper, statement, parameters, without_areas)
    except psycopg.OperationalError:
        if wrapper.in_atomic_block or not _is_lost(wrapper):
            raise
        wrapper.close()
        return _send(wrapper, statement, parameters, without_areas)


def _send(
    wrapper: BaseDatabaseWrapper,
    statement: LiteralString,
    parameters: Mapping[str, Any],
    without_areas: bool,
) -> _Row:
    if wrapper.connection is None:
        wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection
    settings = ""
    if not without_areas or row_security.changes_role():
        settings = row_security.due(raw)
    if raw.autocommit and not settings:
        return _prepared(wrapper, raw, statement).execute(parameters)
    # psycopg begins the transaction with the first statement of its own
    with psycopg.Cursor(raw) as cursor:
        execute_after(settings, cursor, statement, parameters, prepare=True)
        return cursor.fetchone()


def execute_after(
    settings: str,
    cursor: psycopg.Cursor[Any],
    statement: LiteralString,
    parameters: Sequence[Any] | Mapping[str, Any],
    *,
    prepare: bool,
) -> None:
    """Execute a statement together with the settings that `row_security.due` gave, in one round trip."""
    if not settings:
        cursor.execute(statement, parameters, prepare=prepare)
        return
    with cursor.connection.pipeline():  # until it is synchronised, all is one transaction
        psycopg.Cursor(cursor.connection).execute(settings)
        cursor.execute(statement, parameters, prepare=prepare)


def _prepared(
    wrapper: BaseDatabaseWrapper, raw: psycopg.Connection[Any], statement: LiteralString
) -> _Prepared:
    of_connection: tuple[psycopg.Connection[Any], dict[str, _Prepared]] | None = getattr(
        wrapper, "_prepared_statements", None
    )
    if of_connection is None or of_connection[0] is not raw:
        of_connection = raw, {}
        wrapper._prepared_statements = of_connection  # type: ignore[attr-defined]
    statements = of_connection[1]
    prepared = statements.get(statement)
    if prepared is None:
        name = b"ruhu_%d" % len(statements)
        prepared = statements[statement] = _Prepared(raw, statement, name)
    return prepared


class _Prepared:
    """A statement on one connection, prepared once for each combination of its parameters' types."""

    def __init__(self, raw: psycopg.Connection[Any], statement: str, name: bytes) -> None:
        self._raw, self._name = raw, name
        self._parameters: list[str] = []
        self._query = _PLACEHOLDER.sub(self._position, statement).encode()
        self._formats = [PyFormat.AUTO] * len(self._parameters)
        self._adapter = Transformer(raw)
        self._names: dict[tuple[int, ...], bytes] = {}

    def execute(self, parameters: Mapping[str, Any]) -> _Row:
        adapter, connection = self._adapter, self._raw.pgconn
        values = adapter.dump_sequence(
            [parameters[name] for name in self._parameters], self._formats
        )
        types = adapter.types or ()
        name = self._names.get(types) or self._prepare(connection, types)
        result = execute_prepared(connection, name, values, adapter.formats)
        if result.status != _HAS_ROWS:
            raise self._error(result)
        if not result.ntuples:
            return None
        adapter.set_pgresult(result)
        row: _Row = adapter.load_row(0, tuple)
        adapter.set_pgresult(None)
        return row

    def _prepare(self, connection: Any, types: tuple[int, ...]) -> bytes:
        name = b"%s_%d" % (self._name, len(self._names))
        result = connection.prepare(name, self._query, types)
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise self._error(result)
        self._names[types] = name
        return name

    def _error(self, result: pq.abc.PGresult) -> psycopg.Error:
        """The error that psycopg's cursor would raise; without a state the connection was lost."""
        encoding = self._raw.info.encoding
        if result.error_field(pq.DiagnosticField.SQLSTATE) is None:
            return psycopg.OperationalError(result.get_error_message(encoding))
        return error_from_result(result, encoding=encoding)

    def _position(self, match: re.Match[str]) -> str:
        if match[2]:
            return "%"
        if match[1] not in self._parameters:
            self._parameters.append(match[1])
        return f"${self._parameters.index(match[1]) + 1}"


def execute_prepared(connection: Any, name: bytes, values: Any, formats: Any) -> pq.abc.PGresult:
    """Execute a prepared statement in one round trip, during which other threads run."""
    result: pq.abc.PGresult = connection.exec_prepared(name, values, formats)
    return result


def _is_lost(wrapper: BaseDatabaseWrapper) -> bool:
    raw = wrapper.connection
    return raw is not None and bool(raw.closed or raw.broken)

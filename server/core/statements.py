"""One SQL statement, prepared once a connection, its parameters bound by the server.

For the few paths that are counted in microseconds. Django's own cursor writes every
parameter into the text of the statement (a document of 10 KB becomes 20 KB of hex, parsed
and planned anew each time) and asks `SELECT 1` first, to see whether the connection lives.
psycopg's cursor takes twice as long as this over a statement that is prepared already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import LockNotAvailable, error_from_result

from server.core.problems import Problem

DATABASE_AWAY: Final = (
    InterfaceError,
    OperationalError,
    psycopg.InterfaceError,
    psycopg.OperationalError,
)
"""What Django and psycopg raise while PostgreSQL is gone or just starting again."""


@contextmanager
def waiting_at_most(patience: str, otherwise: type[Problem]) -> Iterator[None]:
    """Wait for locks as long as that ("10s"), from here to the end of the transaction it stands in.

    What is waited for longer raises the Problem, which asks to come again.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [patience])
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise otherwise from None
        raise


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can be asked about the text at all."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


_Row = tuple[Any, ...] | None
_PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\)s|(%))")
_HAS_ROWS: Final = pq.ExecStatus.TUPLES_OK


def run(statement: LiteralString, parameters: Mapping[str, Any]) -> _Row:
    """Run a statement that returns rows on Django's connection: the first of them, if any.

    Takes part in the surrounding transaction; outside one it commits by itself. There, a
    connection that the server has closed (restart, failover) is replaced and the
    statement sent once more: it must be one that may run twice. psycopg's errors come
    through as they are.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    try:
        return _send(wrapper, statement, parameters)
    except psycopg.OperationalError:
        if wrapper.in_atomic_block or not _is_lost(wrapper):
            raise
        wrapper.close()
        return _send(wrapper, statement, parameters)


def _send(
    wrapper: BaseDatabaseWrapper, statement: LiteralString, parameters: Mapping[str, Any]
) -> _Row:
    if wrapper.connection is None:
        wrapper.ensure_connection()
    raw: psycopg.Connection[Any] = wrapper.connection
    if not raw.autocommit:  # psycopg begins the transaction with the first statement of its own
        with psycopg.Cursor(raw) as cursor:
            return cursor.execute(statement, parameters, prepare=True).fetchone()
    return _prepared(wrapper, raw, statement).execute(parameters)


def _prepared(
    wrapper: BaseDatabaseWrapper, raw: psycopg.Connection[Any], statement: LiteralString
) -> _Prepared:
    known: tuple[psycopg.Connection[Any], dict[str, _Prepared]] | None = getattr(
        wrapper, "_prepared_statements", None
    )
    if known is None or known[0] is not raw:
        known = raw, {}
        wrapper._prepared_statements = known  # type: ignore[attr-defined]
    found = known[1].get(statement)
    if found is None:
        found = known[1][statement] = _Prepared(raw, statement, b"ruhu_%d" % len(known[1]))
    return found


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
        """What psycopg's cursor would raise: an error without a state is the lost connection's."""
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
    """One round trip to PostgreSQL; other threads run meanwhile."""
    result: pq.abc.PGresult = connection.exec_prepared(name, values, formats)
    return result


def _is_lost(wrapper: BaseDatabaseWrapper) -> bool:
    raw = wrapper.connection
    return raw is not None and bool(raw.closed or raw.broken)

"""The database backend (ENGINE "server.core.postgis"); what it adds is server.core.row_security."""

from __future__ import annotations

from typing import Any

import psycopg
from django.contrib.gis.db.backends.postgis import base as postgis
from django.db.backends.postgresql import base as postgresql
from psycopg import pq, sql

from server.core import row_security


class Cursor(postgresql.Cursor):
    """Sends the settings that are due and the statement as one message."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        settings = "" if query == _HEALTH_CHECK else row_security.due(self.connection)
        if not settings:
            return super().execute(query, params, **options)
        super().execute(_after(settings, query), params, **options)
        self.nextset()  # from the settings' result to the statement's
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        settings = row_security.due(self.connection)
        if settings:
            super().execute(settings)
        super().executemany(query, params_seq, **options)


_HEALTH_CHECK = "SELECT 1"


class ServerSideCursor(postgresql.ServerSideCursor):
    """Declares its cursor in a transaction that has the settings: the rows are read when that commits."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        settings = row_security.due(self.connection)
        if not settings:
            return super().execute(query, params, **options)
        control = psycopg.ClientCursor(self.connection)
        if not self.connection.autocommit:
            control.execute(settings)
            return super().execute(query, params, **options)
        control.execute(f"begin; {settings}")
        try:
            super().execute(query, params, **options)
        except BaseException:
            control.execute("rollback")
            raise
        control.execute("commit")
        return self


def _after(settings: str, query: Any) -> Any:
    if isinstance(query, str):
        return f"{settings};{query}"
    if isinstance(query, bytes):
        return settings.encode() + b";" + query
    return sql.SQL(f"{settings};") + query


class DatabaseWrapper(postgis.DatabaseWrapper):
    """A connection whose statements see the rows of the request's reader."""

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name is None:
            return super().create_cursor()
        cursor = ServerSideCursor(
            self.connection, name=name, scrollable=False, withhold=self.connection.autocommit
        )
        zones = self.connection.adapters.get_loader(postgresql.TIMESTAMPTZ_OID, pq.Format.TEXT)
        if self.timezone != zones.timezone:
            postgresql.register_tzloader(self.timezone, cursor)
        return cursor

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        row_security.forget(self.connection)

"""The roles of the private cluster and the database that they share."""

from __future__ import annotations

from collections.abc import Callable

OWNER = "ruhu"
"""The role that owns the tables; migrations and commands run as it."""
SERVING_ROLES = ("ruhu_web", "ruhu_worker")
"""The roles of the web processes and of the worker (server/ops/row_policies.py)."""
LAYOUT = "2"
"""Rises with what `fill` makes."""


def fill(psql: Callable[[str, str], str]) -> None:
    """Create roles, PostGIS in template1 and the application's database, unless they exist.

    `psql` runs a statement in a database as the cluster's superuser.
    """
    psql("template1", "CREATE EXTENSION IF NOT EXISTS postgis")
    roles = psql("postgres", "SELECT rolname FROM pg_roles").split()
    if OWNER not in roles:
        psql("postgres", f"CREATE ROLE {OWNER} LOGIN CREATEDB")
    for role in SERVING_ROLES:
        if role not in roles:
            psql("postgres", f"CREATE ROLE {role} LOGIN NOINHERIT NOBYPASSRLS")
        psql("postgres", f"GRANT {role} TO {OWNER}")
    if OWNER not in psql("postgres", "SELECT datname FROM pg_database").split():
        psql("postgres", f"CREATE DATABASE {OWNER} OWNER {OWNER}")

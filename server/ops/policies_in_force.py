"""Brings the roles, policies, views and functions of `row_policies` into the database (decision 0275)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction

from server.ops.row_policies import (
    ARRIVALS,
    FUNCTIONS,
    INDEXED,
    OPEN,
    READ_ONLY,
    ROLES,
    RULES,
    WEB,
    WORKER,
    in_areas,
    policies,
)


def roles_exist() -> bool:
    """Whether the database server has the two roles."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_roles where rolname in (%s, %s)", [WEB, WORKER])
        return bool(cursor.fetchone()[0] == 2)


def roles_can_be_made() -> bool:
    """Whether the account of this connection may make roles."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolcreaterole or rolsuper from pg_roles where rolname = current_user"
        )
        return bool(cursor.fetchone()[0])


def roles_for_owner() -> str:
    """What a superuser runs so that the account of this connection may make policies for the roles."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        owner = cursor.fetchone()[0]
    return f'{ROLES}grant {WEB}, {WORKER} to "{owner}";\n'


def are_in_force() -> bool:
    """Whether every policy is there and this connection may take on the role of requests."""
    with connection.cursor() as cursor:
        if not roles_exist():
            return False
        cursor.execute("select pg_has_role(current_user, %s, 'member')", [WEB])
        may_take_on = bool(cursor.fetchone()[0])
        wanted = {(policy.table, policy.name) for policy in policies()}
        return may_take_on and wanted <= set(_present(cursor)) and set(RULES) <= _secured(cursor)


def apply() -> bool:
    """Bring views, functions, policies and grants in step with `row_policies`; False when the roles do not exist and cannot be made.

    In one transaction. Only tables whose policies differ are locked.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _drop_views_and_functions(cursor)
        for view, (table, columns, _readable) in ARRIVALS.items():
            cursor.execute(f"create view {view} as select {columns} from {table}")
        for view, (table, area, columns) in INDEXED.items():
            cursor.execute(
                f"create view {view} as select {columns} from {table}"
                f" where current_user <> '{WEB}' or ({in_areas(area)})"
            )
        for function, (arguments, definition, _why) in FUNCTIONS.items():
            cursor.execute(f"create function {function}({arguments}) {definition}")
            cursor.execute(f"revoke all on function {function} from public")
        if not roles_exist():
            if not roles_can_be_made():
                return False
            cursor.execute(ROLES)
        tables = set(connection.introspection.table_names(cursor))
        wanted = {
            (policy.table, policy.name): policy for policy in policies() if policy.table in tables
        }
        present = set(_present(cursor))
        for table, name in sorted(present - set(wanted)):
            cursor.execute(f"drop policy {name} on {table}")
        for place in sorted(set(wanted) - present):
            cursor.execute(wanted[place].statement)
        secured = _secured(cursor)
        for table in sorted(tables & set(RULES) - secured):
            cursor.execute(f"alter table {table} enable row level security")
        for table in sorted(secured - set(RULES)):
            cursor.execute(f"alter table {table} disable row level security")
        for statement in _grants(tables):
            cursor.execute(statement)
    return True


def release() -> None:
    """Drop policies, views and functions, for migrations that change a column named by one; until `apply` requests see no row."""
    with transaction.atomic(), connection.cursor() as cursor:
        _drop_views_and_functions(cursor)
        for table, name in _present(cursor):
            cursor.execute(f"drop policy {name} on {table}")


def _drop_views_and_functions(cursor: object) -> None:
    for view in (*ARRIVALS, *INDEXED):
        cursor.execute(f"drop view if exists {view}")  # type: ignore[attr-defined]
    for function in FUNCTIONS:
        cursor.execute(f"drop function if exists {function}")  # type: ignore[attr-defined]


def _secured(cursor: object) -> set[str]:
    cursor.execute(  # type: ignore[attr-defined]
        "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace"
    )
    return {name for (name,) in cursor.fetchall()}  # type: ignore[attr-defined]


def _present(cursor: object) -> list[tuple[str, str]]:
    cursor.execute(  # type: ignore[attr-defined]
        "select tablename, policyname from pg_policies"
        " where schemaname = 'public' and policyname like 'ruhu\\_%'"
    )
    return cursor.fetchall()  # type: ignore[attr-defined, no-any-return]


def _grants(tables: set[str]) -> Iterator[str]:
    """What the two roles may do: all with rows, nothing with tables; the audit log only grows."""
    roles = f"{WEB}, {WORKER}"
    yield f"grant usage on schema public to {roles}"
    yield f"grant usage on all sequences in schema public to {roles}"
    ours = sorted(tables & (set(RULES) | set(OPEN)))
    only_growing = [table for table in ours if table in RULES and RULES[table].only_adds]
    changing = [table for table in ours if table not in only_growing]
    if changing:
        yield f"grant select, insert, update, delete on {', '.join(changing)} to {roles}"
    if only_growing:
        yield f"revoke all on {', '.join(only_growing)} from {roles}"
        yield f"grant select, insert on {', '.join(only_growing)} to {roles}"
    for view, (_table, columns, shown) in ARRIVALS.items():
        yield f"revoke all on {view} from {roles}"
        yield f"grant insert ({columns}) on {view} to {roles}"
        if shown:
            yield f"grant select ({shown}) on {view} to {roles}"
    yield f"grant select on {', '.join(INDEXED)} to {roles}"
    yield f"grant execute on function {', '.join(FUNCTIONS)} to {roles}"
    readable = [table for table in READ_ONLY if table in tables]
    if readable:
        yield f"grant select on {', '.join(readable)} to {roles}"

"""The temporary tables of a rebuild, and the sources that a rebuild folds again.

PostgreSQL looks for an unqualified table name among temporary tables first. While the
temporary tables exist, every statement of the room reads and writes them instead of the
running tables, which stay reachable as `public.…`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from server.ledgers.definitions.vocabulary import LINKS_OF_ACTS
from server.ledgers.storage.database import execute, query_values

_CLOSING: Final = """
    insert into closed
    select distinct other.id
      from closed
      join ledgers_contribution mine on mine.id = closed.id
      {join}
     where not exists (select from closed known where known.id = other.id)
"""
_TIED: Final = _CLOSING.format(
    join="""join ledgers_contribution other
              on other.entry = mine.entry or other.submission_id = mine.submission_id"""
)
_NAMED: Final = _CLOSING.format(
    join="""cross join lateral jsonb_each_text(mine.links) link
            join ledgers_identitykey named
              on named.key = link.value::uuid and mine.submission_id is null
            join ledgers_contribution other on other.entry = named.entry"""
)
"""What a desk act that made an entry names."""
_NAMING: Final = tuple(
    _CLOSING.format(
        join=f"""join ledgers_identitykey named on named.entry = mine.entry
                 join ledgers_contribution other
                   on other.submission_id is null and other.links ->> '{link}' = named.key::text"""
    )
    for link in LINKS_OF_ACTS
)
"""The entries that desk acts made which name one, by each link."""


def hide_tables(tables: Iterable[str]) -> None:
    """Create an empty temporary table over each of these tables, until the end of the transaction."""
    for table in tables:
        execute(
            f"create temporary table {table} (like public.{table} including all) on commit drop"
        )


def uncover_tables(tables: Iterable[str]) -> None:
    """Drop the temporary tables, also those in which the rebuild notes what it compares."""
    for table in tables:
        execute(f"drop table pg_temp.{table}")
    execute("drop table if exists compared, closed")


def analyze_tables(tables: Iterable[str]) -> None:
    """Let the planner know how large the tables have become."""
    for table in tables:
        execute(f"analyze {table}")


def areas_of_contributions() -> list[str]:
    """The prefixes of the streets in which anything contributes to a ledger."""
    return query_values("select distinct left(area_code, 9) from ledgers_contribution order by 1")


def sources_of_area(area: str) -> tuple[list[int], list[int]]:
    """The submissions and desk acts of an area, with all that share an entry with them, and so on.

    `area` is the beginning of a division code. A submission counts as the area's if it
    lies there or one of its contributions does: a correction that waits for approval may
    lie elsewhere than the version that counts.
    """
    execute("create temporary table closed (id bigint primary key) on commit drop")
    execute(
        "insert into closed select id from ledgers_contribution where area_code like %s"
        " union select contribution.id from ledgers_contribution contribution"
        "         join submissions_submission submission"
        "           on submission.id = contribution.submission_id"
        "        where submission.area_code like %s",
        (f"{area}%", f"{area}%"),
    )
    while execute(_TIED) + execute(_NAMED) + sum(execute(statement) for statement in _NAMING):
        pass
    submissions = query_values(
        "select distinct submission_id from ledgers_contribution join closed using (id)"
        " where submission_id is not null"
        " union select id from submissions_submission"
        "        where area_code like %s and current_version_id is not null order by 1",
        (f"{area}%",),
    )
    acts = query_values("select -id from closed where id < 0 order by 1")
    return submissions, acts

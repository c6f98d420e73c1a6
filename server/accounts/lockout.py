"""Slows down password guessing: after too many wrong passwords for one user name from one address, further attempts wait.

Only different wrong passwords count. An address as a whole is never locked out: all people
and phones of a street office share one (openrosa-conformance.md, item 43). The failures are
counted in the database, so that all web processes of all hosts count together, under a keyed
hash that reveals neither name nor address.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final, Literal

from psycopg.types.numeric import Int4

from server.accounts.models import PasswordFailures
from server.core import clock
from server.core.sealing import search_hash
from server.core.statements import run

FAILURES: Final = 10
PAUSE: Final = timedelta(minutes=15)
"""How long attempts wait after the latest failure; then all failures are forgotten."""

Counter = Literal["desk", "phone", "unknown", "digest"]
"""Log-ins of phones and of office staff are counted apart, so that guessing at one does not lock anybody out of the other.

"unknown" counts names that nobody has, and "digest" wrong answers of phones: both only so
that the audit log records the first of many.
"""

_TABLE: Final = PasswordFailures._meta.db_table
_LOCKED: Final = f"""
select failures from {_TABLE}
 where who = %(who)s and failures >= %(most)s and latest_at > %(since)s
"""  # noqa: S608 the table's name
_FAILED: Final = f"""
insert into {_TABLE} as known (who, failures, latest_at) values (%(who)s, 1, %(at)s)
on conflict (who) do update
   set failures = case when known.latest_at > %(since)s then known.failures + 1 else 1 end,
       latest_at = excluded.latest_at
returning failures
"""  # noqa: S608
_SUCCEEDED: Final = f"delete from {_TABLE} where who = %(who)s returning failures"  # noqa: S608


def caller(username: str, address: str, counter: Counter) -> str:
    """The key under which failures for this user name from this address are counted.

    An IPv6 address counts as its /64 network, because whoever has one address has all of them.
    """
    name = f"{counter}\0{_network(address)}\0{username.strip().casefold()}"
    return search_hash(name, "password failures").hex()


def is_locked(who: str) -> bool:
    """Whether attempts of this caller (see `caller`) must wait."""
    since = clock.now() - PAUSE
    return run(_LOCKED, {"who": who, "most": Int4(FAILURES), "since": since}) is not None


def failed(who: str) -> int:
    """Count one failure of this caller. Returns how many there were without a pause in between."""
    at = clock.now()
    row = run(_FAILED, {"who": who, "at": at, "since": at - PAUSE})
    return int(row[0]) if row else 0


def succeeded(who: str) -> None:
    """Forget the failures of this caller."""
    run(_SUCCEEDED, {"who": who})


def forget_old() -> None:
    """Delete failures that no longer count."""
    PasswordFailures.objects.filter(latest_at__lt=clock.now() - PAUSE).delete()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))

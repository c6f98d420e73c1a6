"""The database that the application uses: the private cluster, or the server in DATABASE_URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.ops.setup.backup_settings import target_of
from server.ops.setup.cluster import OWN_URL, Cluster
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.stamps import Stamps, digest

_URL_OF_ROLE = {
    "ruhu_web": "RUHU_WEB_DATABASE_URL",
    "ruhu_worker": "RUHU_WORKER_DATABASE_URL",
}
"""Serving role → the variable by which its process logs in to a server of your own."""
_FACTS = {
    "tables": "SELECT count(*) || ' ' || max(applied) || ' ' ||"
    " (SELECT md5(coalesce(string_agg(tablename || policyname, ' ' ORDER BY tablename, policyname), ''))"
    " FROM pg_policies) FROM django_migrations",
    "forms": "SELECT count(*) || ' ' || max(id) FROM forms_formversion",
}


def _names_a_server(places: Places, url: str) -> bool:
    """Whether DATABASE_URL names a server other than the private clusters, as `./ruhu env` does."""
    if not url.startswith(OWN_URL):
        return bool(url)
    return url not in (Cluster(places, name).url() for name in ("pg", "pg-test"))


@dataclass
class Database:
    """The chosen database; `cluster` is None when DATABASE_URL names a server, which is never started or stopped here."""

    places: Places
    cluster: Cluster | None
    has_serving_roles: bool = False  # of a server in DATABASE_URL, known once its tables are made

    @classmethod
    def chosen(cls, places: Places, *, testing: bool = False) -> Database:
        """The server in DATABASE_URL if that is set; else the cluster in var/pg, for tests var/pg-test."""
        if _names_a_server(places, os.environ.get("DATABASE_URL", "")):
            return cls(places, None)
        if testing:
            return cls(places, Cluster(places, "pg-test", durable=False))
        return cls(places, Cluster(places, archive=target_of(places)))

    @property
    def url(self) -> str:
        """The value of DATABASE_URL for the application."""
        return self.cluster.url() if self.cluster else os.environ["DATABASE_URL"]

    def serving_as(self, role: str) -> dict[str, str]:
        """The environment variables by which a process works as a serving role.

        On a server in DATABASE_URL it logs in by RUHU_WEB_DATABASE_URL or
        RUHU_WORKER_DATABASE_URL; without them the web processes take on their role for each
        request, if the server has it.
        """
        if self.cluster:
            return {"DATABASE_URL": self.cluster.url(role)}
        if url := os.environ.get(_URL_OF_ROLE[role]):
            return {"DATABASE_URL": url}
        takes_on = self.has_serving_roles and role == "ruhu_web"
        return {"DATABASE_URL": self.url, **({"RUHU_WEB_ROLE": role} if takes_on else {})}

    @property
    def stamps(self) -> Stamps:
        """Stamps about the contents of this database."""
        if self.cluster:
            return self.cluster.stamps
        return Stamps(self.places.stamps / f"server-{digest(self.url)[:12]}")

    @property
    def lock(self) -> Path:
        """Held by the command that changes the tables, publishes the forms or makes the first data."""
        if self.cluster:
            return self.cluster.link.with_suffix(".lock")
        return self.places.var / f"server-{digest(self.url)[:12]}.lock"

    @contextmanager
    def running(self) -> Iterator[None]:
        """The database runs inside the block; the last command that leaves stops the private cluster."""
        if not self.cluster:
            yield
            return
        with self.cluster.running():
            yield

    def revive(self) -> bool:
        """Start the private cluster again if its server process has died; returns whether it had."""
        if self.cluster and not self.cluster.alive():
            self.cluster.start()
            return True
        return False

    def facts(self, about: str) -> str:
        """A text that changes when the tables or the forms change; "" when there are none, or for a server of DATABASE_URL."""
        if not self.cluster:
            return ""
        try:
            return self.cluster.psql("ruhu", _FACTS[about])
        except SetupProblem:  # no tables yet
            return ""

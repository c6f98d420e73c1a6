"""The database the application uses: the private cluster, or the server that DATABASE_URL names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.ops.setup.cluster import Cluster
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.stamps import Stamps, digest

_FACTS = {
    "tables": "SELECT count(*) || ' ' || max(applied) FROM django_migrations",
    "forms": "SELECT count(*) || ' ' || max(id) FROM forms_formversion",
}


@dataclass
class Database:
    """`cluster` is None when a server was named: then nothing here starts or stops."""

    places: Places
    cluster: Cluster | None

    @classmethod
    def chosen(cls, places: Places, *, testing: bool = False) -> Database:
        if os.environ.get("DATABASE_URL"):
            return cls(places, None)
        cluster = Cluster(places, "pg-test", durable=False) if testing else Cluster(places)
        return cls(places, cluster)

    @property
    def url(self) -> str:
        return self.cluster.url() if self.cluster else os.environ["DATABASE_URL"]

    @property
    def stamps(self) -> Stamps:
        """About what is in this very database."""
        if self.cluster:
            return self.cluster.stamps
        return Stamps(self.places.stamps / f"server-{digest(self.url)[:12]}")

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self.cluster:
            yield
            return
        with self.cluster.running():
            yield

    def revive(self) -> bool:
        """Start the private cluster again when its server process is gone; says whether it was."""
        if self.cluster and not self.cluster.alive():
            self.cluster.start()
            return True
        return False

    def facts(self, about: str) -> str:
        """A text that changes with the tables or the forms; "" when there are none or it is not cheap to know."""
        if not self.cluster:
            return ""
        try:
            return self.cluster.psql("ruhu", _FACTS[about])
        except SetupProblem:  # no tables yet
            return ""

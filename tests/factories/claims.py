"""Filled-in forms with entity blocks, as phones write them."""

from __future__ import annotations

import csv
import io

from server.accounts.access import Worker
from server.ledgers.entity_lists import lists as entities
from server.ledgers.entity_lists.lists import LedgerList
from tests.conftest import COMMUNITY
from tests.factories.ledgers import Filled, member, uuid_of

HERE = Worker(1, (COMMUNITY,))
HOME = uuid_of("household 1")


def xform(*, entity: str = "", binds: str = "") -> bytes:
    """An XForm with this entity declaration and these binds, and nothing else."""
    meta = f"<meta>{entity}</meta>" if entity else ""
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
        ' xmlns:entities="http://www.opendatakit.org/xforms/entities">'
        f"<h:head><model><instance><data>{meta}</data></instance>{binds}</model></h:head>"
        "<h:body/></h:html>"
    ).encode()


SAVETO = xform(
    binds='<bind nodeset="/data/household/address" entities:saveto="address"/>'
    '<bind nodeset="/data/household/room" entities:saveto="room"/>'
)


class Claimed(Filled):
    """A filled-in form with an entity block."""

    block = ""

    def xml(self, instance_id: str) -> bytes:
        return super().xml(instance_id).replace(b"<meta>", f"<meta>{self.block}".encode())


def claimed(attributes: str, day: int = 2, label: str = "示范路1号", **household: str) -> Claimed:
    """A visit to HOME on a day of March, with an entity block of these attributes."""
    form = Claimed(
        visited_at=f"2026-03-{day:02d}T09:00:00+08:00",
        household_id=HOME,
        household=household,
        members=[member(key="a", birth_date="1970-05-01")],
    )
    form.block = (
        f'<entity dataset="households" id="{HOME}" {attributes}><label>{label}</label></entity>'
    )
    return form


CREATE = claimed('create="1"', address="示范路1号", room="101")
BRANCH = 'branchId="5d1f6c3a-9a0e-4b7e-8f43-0a9b8c7d6e02"'
CHAIN = (
    CREATE,
    claimed(f'update="1" baseVersion="1" trunkVersion="" {BRANCH}', 3, room="102"),
    claimed(f'update="1" baseVersion="2" trunkVersion="" {BRANCH}', 4, room="103"),
)


def rows(of: LedgerList | None = None) -> dict[str, dict[str, str]]:
    """Entity → its row in the list that a phone of the community gets; of households."""
    text = b"".join((of or entities.households).csv(HERE)).decode()
    return {row["name"]: row for row in csv.DictReader(io.StringIO(text))}

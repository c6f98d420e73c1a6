"""Neither a dump of the database nor the logs show an ID number or a phone number (security.md, Sealing at rest)."""

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from random import Random

import pytest
from django.db import connection

from server.forms.services import publish
from server.ledgers.definitions.normalise import citizen_id
from server.ledgers.models import Person
from server.ops.demo import boundaries, defects, population, street
from server.ops.demo.plan import Calendar

XLSFORMS = Path(__file__).parents[2] / "xlsforms"
SIZE = street.Size(communities=2, households=60, quarters=2, seed=7, until="2026-11-01")


def everybody_of(size: street.Size) -> population.Population:
    """The people the demo of that size is about, defects and all."""
    calendar = Calendar(until=date.fromisoformat(size.until), quarters=size.quarters)
    place = boundaries.street(
        seed=size.seed,
        communities=size.communities,
        recoded_on=calendar.recoded_on,
        moved=defects.moved_codes(size.communities),
    )
    people = population.population(
        seed=size.seed,
        communities=place.communities,
        households=size.households,
        on=calendar.begins,
    )
    defects.add_person_defects(Random(f"defects {size.seed}"), people, calendar.begins)
    return people


def secrets_of(people: population.Population) -> set[str]:
    """Every ID number and phone in every form somebody might write it down."""
    members = [member for home in people.homes for member in home.members]
    numbers = {member.id_no for member in members if member.id_no}
    numbers |= {citizen_id(number, date(2026, 11, 1)).number for number in numbers}
    numbers |= {n[:6] + n[8:17] for n in numbers if len(n) == 18 and n[6:8] == "19"}
    phones = {member.phone for member in members if member.phone}
    phones |= {firm.phone for firm in people.firms}
    return numbers | phones | {phone.replace("-", "") for phone in phones}


def dump() -> str:
    """The whole database as `pg_dump` writes it."""
    connection.ensure_connection()
    server = connection.connection.info
    environment = {**os.environ, "PGPASSWORD": server.password}
    command = [shutil.which("pg_dump") or "pg_dump", "--dbname", server.dbname]
    command += ["--host", server.host, "--port", str(server.port), "--username", server.user]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.django_db(transaction=True)
def test_a_dump_and_the_logs_show_no_id_number_and_no_phone(caplog, capfd):
    caplog.set_level("DEBUG")
    for form_id in street.FORMS:
        file = XLSFORMS / f"{form_id}.xlsx"
        publish(workbook=file.read_bytes(), filename=file.name, publisher=None, validate=False)
    result = street.make(SIZE, lambda what, done, of: None)
    hidden = secrets_of(everybody_of(SIZE))
    assert len(hidden) > 200

    # The search is sound: the people are there, and what is not hidden is found.
    assert result.ledgers["persons"] > 100
    dumped = dump()
    assert Person.objects.order_by("name").first().name in dumped
    sealed = Person.objects.exclude(id_no=None).first()
    assert sealed.id_no in dumped

    logs = caplog.text + "".join(capfd.readouterr())
    assert [secret for secret in sorted(hidden) if secret in dumped] == []
    assert [secret for secret in sorted(hidden) if secret in logs] == []

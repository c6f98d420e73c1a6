"""Concurrency (items 147–150)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import SENT, Line, body_of, new_id, part, record


@item(147, "C01")
def test_twenty_copies_at_once_are_stored_once(line: Line) -> None:
    name = new_id()
    statuses = race(line, [record(name)] * 20)
    assert any(status in SENT for status in statuses)
    assert max(statuses) < 500
    assert line.count(name) == 1


@item(148, "C02")
def test_every_copy_of_a_race_is_acknowledged(line: Line) -> None:
    assert set(race(line, [record(new_id())] * 20)) <= set(SENT)


@item(149, "C03")
def test_twenty_different_records_at_once_are_all_stored(line: Line) -> None:
    names = [new_id() for _ in range(20)]
    assert set(race(line, [record(name) for name in names])) <= set(SENT)
    assert [line.count(name) for name in names] == [1] * 20


@item(150, "C04")
def test_of_two_contents_one_is_stored_and_the_other_refused(line: Line) -> None:
    name = new_id()
    statuses = race(line, [record(name, name="甲"), record(name, name="乙")] * 6)
    assert set(statuses) == {201, 409}
    assert statuses.count(201) == 6
    assert line.count(name) == 1


def race(line: Line, documents: list[bytes]) -> list[int]:
    """The statuses of uploads that start together."""
    bodies = [body_of([part(document)], "x") for document in documents]

    def send(body: bytes) -> int:
        with requests.Session() as session:
            kind = "multipart/form-data; boundary=x"
            return line.post_body(body, kind, session=session).status_code

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))

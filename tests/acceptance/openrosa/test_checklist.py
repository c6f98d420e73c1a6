"""Every number of the checklist has a test, a proof elsewhere, or a reason."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.openrosa import checklist


def test_every_item_is_shown_or_explained() -> None:
    lines, tests = checklist.items(), checklist.shown()
    assert [line.number for line in lines] == list(range(1, 199))
    for line in lines:
        assert line.status in checklist.STATUSES
        status, reason = checklist.status_of(line, tests)
        assert status, f"{line.number} {line.id} has neither test, proof nor status"
        assert reason, f"{line.number} says not why"
        if line.number in tests:
            assert not line.status, f"{line.number} has a test and the status {line.status}"


def test_marks_name_their_items() -> None:
    ids = {line.number: line.id for line in checklist.items()}
    marks = list(checklist.marks())
    assert all(ids.get(number) == id for number, id, _test in marks)
    assert not [number for number, n in Counter(mark[0] for mark in marks).items() if n > 1]


def test_proofs_elsewhere_exist() -> None:
    for line in checklist.items():
        if line.proof:
            path, _colons, name = line.proof.partition("::")
            text = (checklist.ROOT / path).read_text(encoding="utf-8")
            assert f"def {name}(" in text, line.proof

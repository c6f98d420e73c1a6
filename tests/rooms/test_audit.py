"""The audit log in the database: what a row holds, that it is linked at commit, and that it stays."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from server.audit import chain, origin
from server.audit.chain import Fault, Head
from server.audit.models import Act, AuditEntry
from server.audit.origin import Door, Origin
from server.audit.services import LIST_ROWS, record, record_list
from server.audit.tasks import write_head
from tests.conftest import STREET
from tests.factories.audit import acts
from tests.factories.statements import counted

ID_NO, PHONE = "449901199001011234", "020-00001234"


@pytest.fixture
def tampering(db):
    """SQL of somebody who has taken the triggers off."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            link()
            cursor.execute("alter table audit_entry disable trigger user")
            cursor.execute(statement)
            cursor.execute("alter table audit_entry enable trigger user")

    return run


def link() -> None:
    """What a commit does: give the rows of this transaction their links."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def faults(*heads: Head) -> list[tuple[Fault, int | None]]:
    return [(fault.fault, fault.position) for fault in chain.verify(heads)]


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


def test_a_row_says_who_when_from_where_what_of_what_and_why(make_user):
    user = make_user("li")
    came_from = Origin(Door.REST, "203.0.113.9", "curl/8")
    with origin.entered(lambda: came_from):
        record(
            Act.FORM_STATE, actor=user, object_type="form", object_id="home_visit", area=STREET,
            reason=" 换新版 ", before="open", after="closed", facts={"queued": 3},
        )  # fmt: skip
    row = AuditEntry.objects.get()
    assert (row.actor, row.actor_name, row.door, row.address) == (user, "li", "rest", "203.0.113.9")
    assert (row.device, row.act, row.object_type, row.object_id) == (
        "curl/8", "form_state", "form", "home_visit",
    )  # fmt: skip
    assert (row.area_code, row.reason) == (STREET, "换新版")
    assert row.facts == {"queued": 3, "before": "open", "after": "closed"}
    assert str(row.at.date()) in str(row)


def test_without_a_person_the_origin_says_who(db, monkeypatch):
    record(Act.LEDGERS_REBUILT, actor=None)
    with origin.entered(lambda: Origin(Door.WORKER)):
        record(Act.LEDGERS_REBUILT, actor=None)
    command, worker = AuditEntry.objects.order_by("pk")
    assert (command.door, command.actor, command.actor_name != "") == ("command", None, True)
    assert (worker.door, worker.actor_name) == ("worker", "")
    assert origin.current().door == Door.COMMAND


def test_numbers_are_masked_and_what_cannot_be_stored_is_made_storable(db):
    record(
        Act.COMMENT, actor=None, object_id=ID_NO, reason=f"call {PHONE}\0 \ud800", area="4" * 40,
        facts={"list": [ID_NO, {"deep": PHONE}], "set": {"b", "a"}, "none": None, "yes": True, "f": 0.5},
        before=float("nan"), after=list(range(1000)),
    )  # fmt: skip
    row = AuditEntry.objects.get()
    text = f"{row.object_id} {row.reason} {json.dumps(row.facts)}"
    assert ID_NO not in text
    assert PHONE not in text
    assert row.facts["set"] == ["a", "b"]
    assert len(row.facts["after"]) == 200


def test_a_rolled_back_act_leaves_no_row(db):
    with transaction.atomic():
        record(Act.COMMENT, actor=None)
        transaction.set_rollback(True)
    assert acts() == []


def test_lists_are_recorded_beyond_their_first_rows(make_user):
    user = make_user("li")
    for rows, last_row in ((0, None), (LIST_ROWS, LIST_ROWS), (50, 50)):
        record_list(actor=user, of="person", area="", rows=rows, last_row=last_row)
    assert acts() == []
    for rows, last_row in ((LIST_ROWS + 1, LIST_ROWS + 1), (1, 101), (1, None)):
        record_list(actor=user, of="person", area="", rows=rows, last_row=last_row)
    assert acts() == ["list_read"] * 3


def test_recording_costs_one_statement(make_user):
    user = make_user("li")
    record(Act.COMMENT, actor=user)
    with counted() as sent:
        record(Act.COMMENT, actor=user)
    assert len(sent) == 1


def test_rows_are_linked_in_order_and_the_chain_is_whole(db):
    for number in range(3):
        record(Act.COMMENT, actor=None, object_id=number)
    assert AuditEntry.objects.filter(position=None).count() == 3
    link()
    assert list(AuditEntry.objects.order_by("pk").values_list("position", flat=True)) == [1, 2, 3]
    first, second, third = chain.links()
    assert first.previous == chain.GENESIS
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert chain.head() == Head(3, third.hash)
    assert faults(Head(2, second.hash), Head(3, third.hash)) == []


def test_the_application_can_neither_change_nor_remove_nor_forge_a_row(db):
    record(Act.COMMENT, actor=None, object_id="a")
    for statement in (
        "update audit_entry set reason = 'x'",
        "update audit_entry set position = 1, previous = '', hash = ''",
        "delete from audit_entry",
    ):
        assert refused(statement), f"before the commit: {statement}"
    link()
    for statement in (
        "update audit_entry set reason = 'x'",
        "update audit_entry set hash = null",
        "update audit_entry set position = position + 1",
        "delete from audit_entry",
        "insert into audit_entry select * from audit_entry on conflict (id) do update set reason = 'x'",
    ):
        assert refused(statement), statement
    with connection.cursor() as cursor:  # the tests' own cleaning needs it off (conftest)
        cursor.execute("alter table audit_entry enable trigger audit_entry_is_never_emptied")
    assert refused("truncate audit_entry")
    AuditEntry.objects.create(at="2026-01-01T00:00Z", act="x", position=7, previous=b"x", hash=b"x")
    link()
    assert AuditEntry.objects.get(act="x").position == 2
    assert faults() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("update audit_entry set reason = 'other' where position = 2", [(Fault.CHANGED, 2)]),
        ("update audit_entry set at = at + interval '1 microsecond' where position = 2", [(Fault.CHANGED, 2)]),
        ("update audit_entry set facts = '{\"a\": 2}' where position = 2", [(Fault.CHANGED, 2)]),
        ("update audit_entry set actor_name = 'li' where position = 3", [(Fault.CHANGED, 3)]),
        ("delete from audit_entry where position = 2", [(Fault.CUT, 3)]),
        ("delete from audit_entry where position = 1", [(Fault.CUT, 2)]),
        ("delete from audit_entry where position = 3", [(Fault.HEAD, 3)]),
        ("delete from audit_entry", [(Fault.HEAD, 3)]),
        ("update audit_entry set position = null where position = 3", [(Fault.HEAD, 3), (Fault.UNLINKED, None)]),
        ("update audit_entry set position = 4 where position = 3", [(Fault.CUT, 4), (Fault.CHANGED, 4), (Fault.HEAD, 3)]),
    ],
)  # fmt: skip
def test_what_is_changed_with_the_triggers_off_is_found(db, tampering, statement, found):
    for number in range(3):
        record(Act.COMMENT, actor=None, object_id=number, facts={"a": 1})
    link()
    head = chain.head()
    assert head is not None
    tampering(statement)
    assert faults(head) == found


def test_the_head_is_written_down_where_the_database_does_not_reach(
    db, tmp_path: Path, caplog, monkeypatch
):
    import syslog

    lines: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _priority, line: lines.append(line))
    file = tmp_path / "heads"
    assert write_head(file) is None
    assert not file.exists()
    record(Act.COMMENT, actor=None)
    link()
    with caplog.at_level("INFO"):
        head = write_head(file)
    write_head(file)
    record(Act.COMMENT, actor=None)
    link()
    write_head(file)
    assert head in chain.heads_in(file)
    assert [written.position for written in chain.heads_in(file)] == [1, 2]
    assert file.stat().st_mode & 0o777 == 0o600
    assert lines[0] == f"audit head {head}"
    assert Head.read(lines[0]) == head
    assert str(head) in caplog.text


def test_the_command_verifies_lists_and_exports(db, settings, tmp_path: Path, tampering, make_user):
    import hashlib

    settings.RUHU_AUDIT_HEADS = tmp_path / "heads"
    record(Act.LOG_IN, actor=make_user("li"), object_type="user", object_id="li", area=STREET)
    record(Act.COMMENT, actor=None, reason="=1+1")
    link()

    def run(*words: str) -> str:
        out = io.StringIO()
        call_command("audit", *words, stdout=out)
        return out.getvalue()

    assert run("head").strip() == str(chain.head())
    told = json.loads(run("verify", "--json", "--head", f"x {chain.head()}"))
    assert told == {"ok": True, "head": str(chain.head()), "heads_checked": 2, "faults": []}
    assert [row["act"] for row in json.loads(run("list", "--json"))] == ["comment", "log_in"]
    assert [row["actor_name"] for row in json.loads(run("list", "--json", "--actor", "li"))] == [
        "li"
    ]
    assert len(run("list", "--act", "log_in").splitlines()) == 2
    file = tmp_path / "log.jsonl"
    run("export", str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        content = bytes.fromhex(line["previous"]) + line["content"].encode()
        assert hashlib.sha256(content).hexdigest() == line["hash"]
    assert acts() == ["log_in", "comment", "export"]

    tampering("update audit_entry set reason = 'x' where position = 2")
    with pytest.raises(SystemExit) as ended:
        run("verify")
    assert ended.value.code == 1
    with pytest.raises(SystemExit):
        run("verify", "--json")


@pytest.mark.django_db(transaction=True)
def test_parallel_transactions_make_one_chain():
    """The transactions overlap: each adds its rows before any of them commits."""
    together = threading.Barrier(4)
    errors: list[BaseException] = []

    def act(number: int) -> None:
        try:
            for turn in range(5):
                with transaction.atomic():
                    record(Act.COMMENT, actor=None, object_id=f"{number}.{turn}")
                    record(Act.REVIEW, actor=None, object_id=f"{number}.{turn}")
                    together.wait(10)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    rows = list(AuditEntry.objects.order_by("position").values_list("position", "object_id"))
    assert [position for position, _name in rows] == list(range(1, 41))
    for start in range(0, 40, 2):  # what one transaction did stands together
        assert rows[start][1] == rows[start + 1][1]
    assert faults() == []


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_that_has_recorded_holds_nobody_up():
    recorded, may_end = threading.Event(), threading.Event()

    def long_act() -> None:
        try:
            with transaction.atomic():
                record(Act.COMMENT, actor=None, object_id="long")
                recorded.set()
                may_end.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=long_act)
    thread.start()
    assert recorded.wait(10)
    record(Act.COMMENT, actor=None, object_id="short")
    committed = list(AuditEntry.objects.values_list("object_id", "position"))
    may_end.set()
    thread.join()
    assert committed == [("short", 1)]
    assert list(AuditEntry.objects.order_by("position").values_list("object_id", flat=True)) == [
        "short",
        "long",
    ]
    assert faults() == []

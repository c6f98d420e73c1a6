"""What recording an act costs: alone, in a review, at a log-in, and from several processes' threads at once.

Needs a database that may be filled: `DATABASE_URL=… python -m tests.perf.audit`.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from unittest.mock import patch

import django

N = 1000
THREADS = 8


def timed(act: Callable[[int], object], times: int = N) -> str:
    """Median and 95th percentile in ms."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return f"median {statistics.median(taken):.2f} ms, p95 {taken[int(len(taken) * 0.95)]:.2f} ms"


def main() -> None:
    django.setup()
    from django.db import connection, transaction

    from server.accounts.access import access_of
    from server.accounts.models import RoleGrant, User
    from server.accounts.passwords import log_in
    from server.accounts.services import record_log_in
    from server.audit.chain import verify
    from server.audit.models import Act, AuditEntry
    from server.audit.services import record
    from server.core.clock import now
    from server.submissions.services import review
    from tests.factories.console import make_form, make_submission
    from tests.factories.statements import counted

    user = User(username=f"perf-{time.time_ns()}", name="perf")
    user.set_password("correct horse")
    user.save()
    RoleGrant.objects.create(user=user, role="street", area="440106003")
    form = make_form(f"perf_{user.pk}")
    submission = make_submission(form, user, "440106003001", f"uuid:perf-{user.pk}")

    def note(number: int) -> None:
        record(Act.COMMENT, actor=user, object_type="submission", object_id=number, area="440106")

    def in_transaction(number: int) -> None:
        with transaction.atomic():
            note(number)

    def decide(_number: int) -> None:
        review(
            submission=submission, state="approved", reviewer=user, access=access_of(user), at=now()
        )

    def statement(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1")

    note(0), decide(0)
    print("select 1            ", timed(statement))
    with transaction.atomic():
        print("record, no commit   ", timed(note))
        transaction.set_rollback(True)
    print("record, with commit ", timed(note))
    print("record in a txn     ", timed(in_transaction))
    print("review              ", timed(decide, 300))
    with patch("server.submissions.services.reviewing.record"):
        print("review, not recorded", timed(decide, 300))
    with counted() as sent:
        decide(0)
    print("review: statements", len(sent))
    with counted() as sent:
        log_in(user.username, "correct horse", address="192.0.2.1", begins_session=True)
        record_log_in(user, by="session")
    print("log-in, password checked: statements", len(sent))
    with counted() as sent:
        record_log_in(user, by="session")
    print("of them for the log:", len(sent))

    def many() -> None:
        for number in range(N // 2):
            in_transaction(number)
        connection.close()

    threads = [threading.Thread(target=many) for _thread in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    print(f"{THREADS} threads: {THREADS * N / 2 / seconds:.0f} recorded commits a second")
    began = time.perf_counter()
    faults = list(verify())
    seconds, n_rows = time.perf_counter() - began, AuditEntry.objects.count()
    print(f"verify: {n_rows} rows in {seconds:.2f} s, faults: {len(faults)}")


if __name__ == "__main__":
    main()

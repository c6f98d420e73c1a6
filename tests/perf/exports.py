"""How fast OData tables, CSV and archives of a form stream, the first time and later, and what memory it takes.

    python tests/perf/exports.py [--form household_survey] [--records 5000]

Reads the records of the database of DATABASE_URL (`./ruhu demo` makes some), copied until
there are as many as asked for; everything is rolled back. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

_COPY = """
with template as (
    select submission.*, version.form_version_id, version.sha256, version.document, version.size
      from submissions_submission submission
      join submissions_submissionversion version on version.id = submission.current_version_id
     where submission.form_id = %(form)s
     limit %(count)s
), named as (
    select template.*, nextval('submissions_submission_id_seq') as new_id,
           'uuid:' || gen_random_uuid() as name
      from template
), version as (
    insert into submissions_submissionversion
           (submission_id, form_id, form_version_id, instance_id, deprecated_id, sha256, document,
            size, received_at, submitter_id, device_id, user_agent)
    select new_id, form_id, form_version_id, name, '', sha256, document, size, received_at,
           submitter_id, '', ''
      from named
    returning id, submission_id
)
insert into submissions_submission
       (id, form_id, instance_id, current_version_id, review_state, submitter_id, received_at,
        area_code, title, located_area, flags)
select new_id, form_id, name, version.id, review_state, submitter_id, received_at, area_code,
       title, located_area, flags
  from named join version on version.submission_id = named.new_id
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", default="household_survey")
    parser.add_argument("--records", type=int, default=5_000)
    options = parser.parse_args()
    import django

    django.setup()
    from django.db import transaction

    with transaction.atomic():
        print(json.dumps(measured(options.form, options.records), indent=1))
        transaction.set_rollback(True)


def measured(form_id: str, records: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client

    from server.accounts import scripts
    from server.accounts.services import create_user
    from server.core.clock import now
    from server.forms.models import Form
    from server.submissions.models import Submission

    form = Form.objects.get(form_id=form_id)
    rows = Submission.objects.filter(form=form)
    with connection.cursor() as cursor:
        while 0 < rows.count() < records:
            cursor.execute(_COPY, {"form": form.pk, "count": records - rows.count()})
    user = create_user(username="exports.perf", role="administrator", areas=[""], actor=None).user
    token = scripts.begin(user=user, at=now()).token
    client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {token}"})
    root = f"/v1/projects/1/forms/{form_id}"
    tables = [entry["name"] for entry in client.get(f"{root}.svc").json()["value"]]
    paths = [
        "/submissions.csv", "/submissions.csv.zip?attachments=false", *(f".svc/{name}" for name in tables),
        ".svc/Submissions?%24expand=*",
    ]  # fmt: skip
    n_records = rows.count()
    answer: dict[str, Any] = {"records": n_records, "MB before": _peak_mb()}
    for name, path in [("the first time", paths[0]), *((path, path) for path in paths)]:
        start, cpu, size, head = time.perf_counter(), time.process_time(), 0, 0.0
        for piece in client.get(root + path):
            head = head or time.perf_counter() - start
            size += len(piece)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        answer[name] = {
            "ms to the first bytes": round(head * 1000, 1),
            "s": round(seconds, 2),
            "MB sent": round(size / 1e6, 1),
            "records/s": round(n_records / seconds),
            "ms of Python a record": round(cpu / n_records * 1000, 3),
            "MB at most": _peak_mb(),
        }
    return answer


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()

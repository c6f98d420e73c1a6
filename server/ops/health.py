"""GET /healthz, for supervisors and load balancers: whether web server, worker and database run."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from server.core.backups import backup_state

_QUERY = """
SELECT EXISTS (
  SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'
)
"""


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Status 200 when all three run, else 503; the JSON body says true or false for each. Needs no log-in.

    Where backups are configured, `backup` has the age of the newest one and of the last trial
    restore in seconds. They do not change the status: the office serves without them.

    A worker that was killed counts as running until its last heartbeat is 30 seconds old.
    """
    worker = database = False
    try:
        with connection.cursor() as cursor:
            cursor.execute(_QUERY)
            worker = bool(cursor.fetchone()[0])
        database = True
    except DatabaseError:
        connection.close()  # the next request connects anew
    serving = {"web": True, "worker": worker, "database": database}
    backups = backup_state()
    body = serving if backups is None else {**serving, "backup": backups.ages()}
    response = JsonResponse(body, status=200 if all(serving.values()) else 503)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # a 503 here is no error to log
    return response

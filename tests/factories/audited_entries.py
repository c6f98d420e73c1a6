"""A call of the service that takes in what was entered at the desk, and the act that it adds to the log."""

from __future__ import annotations

from server.audit.models import Act
from server.entering import services
from tests.factories.audited import AT, Office
from tests.factories.audited_records import Case
from tests.samples.instances import instance


def _offered(office: Office) -> object:
    return office.form


ENTRY_CASES = {
    "entering.services.enter": Case(
        lambda office: services.enter(
            form_id=office.form.form_id,
            document=instance(
                office.form.form_id, office.form.current_version.version, {"remark": "look"}
            ),
            files=(),
            user=office.chief,
            access=office.access,
            user_agent="",
            at=AT,
        ),
        (Act.RECORD_ENTERED,),
        _offered,
    ),
}
"""Service → how it is called, as `CASES` of the test."""

"""Who may do what at /v1: every address and method, by role, inside and outside the area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.conftest import COMMUNITY, STREET
from tests.factories.console import AT, make_deleted, make_home, make_street
from tests.factories.permits import permitted
from tests.factories.roles import BLIND, OTHER_STREET, PUBLISHERS, READERS, STAFF, in_every_role
from tests.factories.trials import make_trial

SENDERS = frozenset({"worker", "street", "administrator"})
HOUSEHOLD = "8d3c6f4e-0000-4000-8000-000000000001"
FORM = "projects/1/forms/household_survey"
RECORD = f"{FORM}/submissions/uuid:1"
TREES = "projects/1/datasets/trees"
GONE = "8d3c6f4e-0000-4000-8000-000000000003"
TREE = f"{TREES}/entities/8d3c6f4e-0000-4000-8000-000000000002"
XML = (
    b"<data id='household_survey' version='2026112001'><meta><instanceID>uuid:%s</instanceID>"
    b"%s</meta></data>"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A request about something in the first street, and the status for each role."""

    method: str
    path: str
    may: frozenset[str] = READERS
    denied: int = 403  # a reader of that street without the roles
    blind: int = 404
    inside: int = 200  # with one of the roles, in that street
    outside: int = 404  # with one of the roles, in another street
    body: bytes = b""
    kind: str = "application/xml"

    def expected(self, role: str) -> int:
        if role in self.may:
            return self.inside
        return self.blind if role in BLIND else self.denied


JSON = "application/json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RULES = (
    Rule("get", "users/current", READERS | BLIND, outside=200),
    Rule("get", "users", READERS | BLIND, outside=200),
    Rule("get", "roles", READERS | BLIND, outside=200),
    Rule("get", "roles/app-user", READERS | BLIND, outside=200),
    Rule("get", "projects/1/assignments", READERS | BLIND, outside=200),
    Rule("get", "projects/1/assignments/2", READERS | BLIND, outside=200),
    Rule("get", "projects/1/app-users", STAFF, blind=403, outside=200),
    Rule("post", "projects/1/app-users", STAFF, blind=403, outside=200, body=b'{"displayName": "Lin"}', kind=JSON),
    Rule("delete", "projects/1/app-users/{worker}", STAFF, blind=403),
    Rule("get", f"{FORM}/assignments", outside=200),
    Rule("get", f"{FORM}/assignments/2", outside=200),
    Rule("post", f"{FORM}/assignments/2/{{worker}}", PUBLISHERS, blind=404),
    Rule("delete", f"{FORM}/assignments/2/{{worker}}", PUBLISHERS, blind=404),
    Rule("get", "projects", READERS | BLIND, outside=200),
    Rule("get", "projects/1", blind=403, outside=200),
    Rule("get", "projects/1/forms", READERS | BLIND, outside=200),
    *(
        Rule("get", f"{FORM}{part}", outside=200)
        for part in ("", ".xml", ".svc", ".svc/$metadata", ".svc/Submissions",
                     ".svc/Submissions.members", "/fields", "/versions",
                     "/versions/2026112001.xml", "/submissions",
                     "/submissions.csv", "/submissions.csv.zip")
    ),
    Rule("patch", FORM, PUBLISHERS, blind=403, outside=403, body=b'{"state": "open"}', kind=JSON),
    Rule("get", f"{FORM}/attachments", outside=200),
    Rule("get", f"{FORM}/attachments/door.png", outside=200),
    Rule("get", f"{FORM}.xlsx", outside=200),
    Rule("post", "projects/1/forms", PUBLISHERS, blind=403, inside=400, outside=400, body=b"no workbook"),
    Rule("get", f"{FORM}/draft", PUBLISHERS, blind=403),
    Rule("post", f"{FORM}/draft", PUBLISHERS, blind=403, inside=400, outside=403, body=b"no workbook", kind=XLSX),
    Rule("delete", f"{FORM}/draft", PUBLISHERS, blind=403, outside=403),
    Rule("get", f"{FORM}/draft/attachments", PUBLISHERS, blind=403),
    Rule("post", f"{FORM}/draft/attachments/a.png", PUBLISHERS, blind=403, outside=403, body=b"a"),
    Rule("get", f"{FORM}/draft/attachments/b.png", PUBLISHERS, blind=403),
    Rule("post", f"{FORM}/draft/publish", PUBLISHERS, blind=403, outside=403, body=b"x"),
    Rule("get", f"{FORM}/draft.xml", PUBLISHERS, blind=403),
    Rule("get", f"{FORM}/draft/fields", PUBLISHERS, blind=403),
    *(
        Rule("get", f"{FORM}/draft/submissions{part}", PUBLISHERS, denied=404)
        for part in ("", "/uuid:1", "/uuid:1.xml", "/uuid:1/attachments", "/uuid:1/attachments/evil.html")
    ),
    Rule("post", f"{FORM}/draft/submissions", PUBLISHERS, denied=404, body=XML % (b"new", b"")),
    Rule("post", f"{FORM}/submissions.csv", outside=200),
    Rule("post", f"{FORM}/submissions.csv.zip", outside=200),
    Rule("get", "projects/1/datasets", READERS | BLIND, outside=200),
    *(
        Rule("get", f"projects/1/datasets/households{part}", outside=200)
        for part in ("", ".svc", ".svc/Entities", "/entities", "/entities.csv")
    ),
    Rule("get", f"projects/1/datasets/households/entities/{HOUSEHOLD}"),
    Rule("post", "projects/1/datasets", PUBLISHERS, blind=403, outside=200, body=b'{"name": "wells"}', kind=JSON),
    Rule("patch", TREES, PUBLISHERS, outside=403, body=b'{"areaProperty": "area"}', kind=JSON),
    Rule("post", f"{TREES}/properties", PUBLISHERS, outside=403, body=b'{"name": "girth"}', kind=JSON),
    Rule("post", f"{TREES}/entities", STAFF, outside=200, body=b'{"label": "Oak"}', kind=JSON),
    Rule("patch", f"{TREE}?force=true", STAFF, body=b'{"label": "Oak"}', kind=JSON),
    Rule("delete", TREE, STAFF),
    Rule("post", f"{TREES}/entities/{GONE}/restore", STAFF),
    Rule("post", f"{TREES}/entities/bulk-delete", STAFF, body=b'{"ids": ["%s"]}' % TREE[-36:].encode(), kind=JSON),
    Rule("post", f"{TREES}/entities/bulk-restore", STAFF, body=b'{"ids": ["%s"]}' % GONE.encode(), kind=JSON),
    *(Rule("get", f"{TREE}/{part}") for part in ("versions", "diffs", "audits")),
    Rule("get", f"{FORM}.svc/Submissions('uuid:1')"),
    Rule("get", f"{FORM}.svc/Submissions('uuid:1')/members"),
    Rule("get", RECORD),
    Rule("get", f"{FORM}/submissions/keys", outside=200),
    Rule("get", f"{FORM}/submissions/submitters", outside=200),
    Rule("get", f"{FORM}/submissions.geojson", outside=200),
    Rule("get", f"{TREES}/entities.geojson", outside=200),
    *(
        Rule("get", f"{RECORD}/{part}")
        for part in ("diffs", "versions", "versions/uuid:1", "versions/uuid:1/attachments")
    ),
    Rule("get", f"{RECORD}/versions/uuid:1.xml", STAFF),
    Rule("get", f"{RECORD}/versions/uuid:1/attachments/door.jpg", STAFF),
    Rule("get", f"{RECORD}/comments"),
    Rule("get", f"{RECORD}/audits"),
    Rule("post", f"{RECORD}/comments", STAFF, body=b'{"body": "well"}', kind=JSON),
    Rule("get", f"{RECORD}/attachments"),
    Rule("get", f"{RECORD}.xml", STAFF),
    Rule("get", f"{RECORD}/attachments/door.jpg", STAFF),
    Rule("patch", RECORD, STAFF, body=b'{"reviewState": "approved"}', kind=JSON),
    Rule("delete", RECORD, STAFF),
    Rule("post", f"{FORM}/submissions/uuid:deleted/restore", STAFF),
    Rule("post", f"{FORM}/submissions", SENDERS, blind=403, outside=200, body=XML % (b"new", b"")),
    Rule("put", RECORD, SENDERS, body=XML % (b"e", b"<deprecatedID>uuid:1</deprecatedID>")),
    Rule("post", f"{RECORD}/attachments/b.jpg", SENDERS, body=b"b", kind="image/jpeg"),
    Rule("delete", "sessions/none", frozenset(), denied=404),
)  # fmt: skip


@pytest.fixture
def street(divisions, make_user) -> Any:
    from server.core import blobs
    from server.datasets.models import Dataset, DatasetProperty, Entity, EntityVersion
    from server.forms.models import FormDraft, FormMedia
    from server.ledgers.models import Household

    made = make_street(make_user)
    make_home(made.form, STREET)
    make_deleted(made.form, made.worker, COMMUNITY)
    Household.objects.create(
        id=HOUSEHOLD, area_code=COMMUNITY, observed_at=AT, verified_level=2, address="示范路1号"
    )
    trees = Dataset.objects.create(
        name="trees", areas=[STREET], area_property="area", created_at=AT
    )
    DatasetProperty.objects.create(dataset=trees, name="area", created_at=AT)
    for uuid, gone_as in ((TREE.rpartition("/")[2], ""), (GONE, "deleted")):
        entity = Entity.objects.create(
            dataset=trees, uuid=uuid, area_code=COMMUNITY, version=1, created_at=AT, gone_as=gone_as
        )
        EntityVersion.objects.create(
            entity=entity, version=1, place=1, is_creation=True, created_at=AT
        )
    sha256 = blobs.store([b"no workbook"]).sha256
    version = made.form.current_version
    version.workbook_sha256 = sha256
    version.save()
    FormMedia.objects.create(form_version=version, filename="door.png", kind="file", sha256=sha256)
    FormDraft.objects.create(
        form_id="household_survey", workbook_sha256=sha256, wanted=["a.png", "b.png"],
        saved_by=made.worker, saved_at=AT, token="no-draft-but-this", version="2026112001",
        files=[{"name": "b.png", "sha256": sha256.hex(), "md5": "", "size": 1}],
    )  # fmt: skip
    make_trial("uuid:1", b"<data/>")
    return made


@pytest.fixture
def tokens(make_user, street) -> dict[tuple[str, str], str]:
    """A session for each role, in the street of the things and in another; "" has none."""
    from server.accounts import scripts
    from server.core.clock import now

    users = in_every_role(make_user)
    for (role, area), user in users.items():
        if role in STAFF:
            permitted(user.username, area=area)
    return {asking: scripts.begin(user=user, at=now()).token for asking, user in users.items()}


def ask(token: str, rule: Rule) -> int:
    """The status of the answer; what the request did is undone."""
    before = transaction.savepoint()  # no block of its own: what is received asks for the outermost
    response = _send(rule, authorization=f"Bearer {token}")
    status: int = response.status_code
    response.getvalue()
    transaction.savepoint_rollback(before)
    return status


def _send(rule: Rule, **headers: str) -> Any:
    from server.accounts.models import User

    worker = User.objects.order_by("pk").values_list("pk", flat=True).filter(grants__role="worker")
    client, path = Client(headers=headers), f"/v1/{rule.path.replace('{worker}', str(worker[0]))}"
    if not rule.body:
        return getattr(client, rule.method)(path)
    return getattr(client, rule.method)(path, rule.body, content_type=rule.kind)


def test_inside_and_outside_the_area(street, tokens):
    wrong = []
    for rule in RULES:
        wanted = {(role, STREET): rule.expected(role) for role in READERS | BLIND}
        wanted |= {(role, OTHER_STREET): rule.outside for role in rule.may - BLIND}
        for asking, status in sorted(wanted.items()):
            if (got := ask(tokens[asking], rule)) != status:
                wrong.append(f"{rule.method} {rule.path} {asking}: {got}, not {status}")
    assert not wrong


def test_nobody_gets_in_without_logging_in(street):
    for rule in RULES:
        assert _send(rule).status_code == 401, rule


def test_every_address_has_its_rule():
    from server.central.endpoint import UnknownEndpoint
    from server.central.urls import urlpatterns

    def offered() -> Iterator[tuple[str, int]]:
        for number, pattern in enumerate(urlpatterns):
            if not isinstance(pattern.callback, UnknownEndpoint) and not pattern.callback.is_open:
                yield from ((method.lower(), number) for method in pattern.callback.handlers)

    ruled = set()
    for rule in RULES:
        path = rule.path.partition("?")[0]
        numbers = (n for n, pattern in enumerate(urlpatterns) if pattern.resolve(path))
        ruled.add((rule.method, next(numbers)))
    assert ruled == set(offered())

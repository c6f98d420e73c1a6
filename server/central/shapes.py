"""Formats users, the project, forms and submissions as Central's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from server.accounts.models import Role, User
from server.central.conditions import REVIEW_STATES
from server.central.schema import Field, Schema
from server.core.masking import mask_numbers
from server.forms.encryption import as_text
from server.forms.models import EncryptionKey, Form, FormDraft, FormVersion
from server.submissions.models import Comment, Submission, SubmissionVersion
from server.submissions.record_rows import RecordRow
from server.trials.models import TrialRecord

PROJECT: Final = 1
"""An installation is field project."""


def instant(at: datetime | None) -> str | None:
    """An instant as Central writes it: UTC, milliseconds, `Z`."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def person(user: User) -> dict[str, Any]:
    """A user as an actor."""
    return {
        "id": user.pk,
        "type": "user",
        "displayName": str(user),
        "createdAt": instant(user.created_at),
        "updatedAt": None,
        "deletedAt": None,
    }


def current_user(user: User) -> dict[str, Any]:
    """The user who asks; `email` is the user name."""
    return {**person(user), "email": user.username}


APP_USER: Final = 2
ROLES: Final = {1: "admin", APP_USER: "app-user", 5: "manager", 8: "viewer"}
"""Central's roles, by the numbers that they have here."""
ROLE_OF: Final = {
    Role.ADMINISTRATOR: 1,
    Role.STREET: 5,
    Role.COUNTY: 8,
    Role.WORKER: APP_USER,
}
"""Role → the role of Central that is most like it. All of them hold within areas, which Central has not."""
_ROLE_NAMES: Final = {
    1: "Administrator",
    APP_USER: "App User",
    5: "Project Manager",
    8: "Project Viewer",
}


def role(number: int, system: str) -> dict[str, Any]:
    """A role. It has no verbs, because what it permits depends on the area."""
    return {"id": number, "name": _ROLE_NAMES[number], "system": system, "verbs": []}


SHOWN_ONCE: Final = "shown-once"
"""In place of the token of a phone that may still send: clients take null for access that has ended, and make the worker again."""


def app_user(user: User) -> dict[str, Any]:
    """A worker with a phone. The token is shown once, when the worker is made."""
    may_send = any(account.revoked_at is None for account in user.field_accounts.all())
    return {
        **person(user),
        "type": "field_key",
        "projectId": PROJECT,
        "token": SHOWN_ONCE if may_send else None,
        "areas": sorted({grant.area for grant in user.grants.all() if grant.role == Role.WORKER}),
        "lastUsed": instant(user.last_seen_at),
    }


def project(name: str, created_at: datetime) -> dict[str, Any]:
    """The field project."""
    return {
        "id": PROJECT,
        "name": name,
        "description": None,
        "keyId": None,
        "archived": False,
        "createdAt": instant(created_at),
        "updatedAt": None,
        "deletedAt": None,
    }


def project_extended(
    n_forms: int, n_lists: int, counts: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    """The extended metadata of the project; `counts` has those of submissions by form."""
    latest = max((count["latest"] for count in counts.values()), default=None)
    return {
        "forms": n_forms,
        "appUsers": 0,
        "datasets": n_lists,
        "lastSubmission": instant(latest),
    }


def form(form: Form) -> dict[str, Any]:
    """A form with its current version."""
    version = form.current_version
    assert version is not None  # noqa: S101 the form is published
    return {
        "projectId": PROJECT,
        "xmlFormId": form.form_id,
        "name": form.title,
        "state": form.state,
        "enketoId": None,
        "enketoOnceId": None,
        "keyId": version.encryption_key_id,
        "version": version.version,
        "hash": version.md5,
        "draftToken": None,
        "createdAt": instant(form.created_at),
        "updatedAt": None,
        "publishedAt": instant(version.published_at),
    }


def draft(draft: FormDraft) -> dict[str, Any]:
    """A draft, with the token by which phones try it."""
    return {
        "projectId": PROJECT,
        "xmlFormId": draft.form_id,
        "name": draft.title,
        "state": Form.State.OPEN.value,
        "enketoId": None,
        "enketoOnceId": None,
        "keyId": None,
        "version": draft.version,
        "hash": draft.md5,
        "draftToken": draft.token or None,
        "createdAt": instant(draft.saved_at),
        "updatedAt": None,
        "publishedAt": None,
    }


def form_file(name: str, *, is_there: bool, is_list: bool = False, md5: str = "") -> dict[str, Any]:
    """A file a form needs; an entity list is built by the server."""
    return {
        "name": name,
        "type": "file",
        "exists": is_there,
        "blobExists": is_there and not is_list,
        "datasetExists": is_list,
        "hash": md5 or None,
        "updatedAt": None,
    }


def form_extended(counted: Mapping[str, Any] | None) -> dict[str, Any]:
    """The extended metadata of a form; `counted` has the counts of its submissions."""
    states = counted["states"] if counted else {}
    return {
        "submissions": counted["total"] if counted else 0,
        "lastSubmission": instant(counted["latest"] if counted else None),
        "createdBy": None,
        "excelContentType": None,
        "entityRelated": False,
        "publicLinks": 0,
        "reviewStates": {
            "received": states.get("received", 0),
            "hasIssues": states.get("has_issues", 0),
            "edited": states.get("edited", 0),
        },
    }


def form_version(version: FormVersion) -> dict[str, Any]:
    """A form as it was in field version."""
    return {
        "projectId": PROJECT,
        "xmlFormId": version.form.form_id,
        "name": version.title,
        "version": version.version,
        "hash": version.md5,
        "keyId": version.encryption_key_id,
        "publishedAt": instant(version.published_at),
        "publishedBy": person(version.published_by) if version.published_by else None,
    }


def fields(schema: Schema, *, odata: bool) -> list[dict[str, Any]]:
    """All fields as a flat list, in form order; `odata` selects OData's names."""
    return list(_fields(schema.fields, "", odata))


def _fields(below: Iterable[Field], above: str, odata: bool) -> Iterable[dict[str, Any]]:
    for field in below:
        name = field.odata_name if odata else field.name
        path = f"{above}/{name}"
        yield {
            "path": path,
            "name": name,
            "type": field.central_type,
            "binary": True if field.central_type == "binary" else None,
            "selectMultiple": True if field.type == "select_multiple" else None,
        }
        yield from _fields(field.children, path, odata)


def trial(record: TrialRecord) -> dict[str, Any]:
    """A test record without its answers; nobody is its submitter, because a draft's token names nobody."""
    version = {
        "instanceId": record.instance_id,
        "submitterId": None,
        "deviceId": mask_numbers(record.device_id) or None,
        "userAgent": None,
        "createdAt": instant(record.received_at),
    }
    return {
        **version,
        "reviewState": None,
        "updatedAt": None,
        "currentVersion": {**version, "current": True},
    }


def submission(row: Submission) -> dict[str, Any]:
    """A submission without its answers."""
    version = row.current_version
    assert version is not None  # noqa: S101 inserted by the same statement
    return {
        "instanceId": row.instance_id,
        "submitterId": row.submitter_id,
        "deviceId": mask_numbers(version.device_id) or None,
        "userAgent": version.user_agent or None,
        "instanceName": row.title or None,
        "reviewState": REVIEW_STATES[row.review_state],
        "createdAt": instant(row.received_at),
        "updatedAt": instant(row.updated_at),  # type: ignore[attr-defined]
        "currentVersion": {
            "instanceId": version.instance_id,
            "current": True,
            "submitterId": version.submitter_id,
            "deviceId": mask_numbers(version.device_id) or None,
            "userAgent": version.user_agent or None,
            "createdAt": instant(version.received_at),
        },
    }


def submission_version(row: Submission, version: SubmissionVersion) -> dict[str, Any]:
    """A version of a submission without its answers; only of the present one the name is known."""
    is_current = version.pk == row.current_version_id
    return {
        "instanceId": version.instance_id,
        "instanceName": (mask_numbers(row.title) or None) if is_current else None,
        "current": is_current,
        "submitterId": version.submitter_id,
        "submitter": person(version.submitter),
        "deviceId": mask_numbers(version.device_id) or None,
        "userAgent": version.user_agent or None,
        "formVersion": version.form_version.version,
        "createdAt": instant(version.received_at),
    }


def submission_extended(row: Submission) -> dict[str, Any]:
    """The extended metadata of a submission."""
    return {"submitter": person(row.submitter)}


def attachment(name: str, *, is_here: bool, is_whole: bool) -> dict[str, Any]:
    """A file that a submission has, or that it names and lacks; it is fetched by its masked name, too."""
    return {"name": name if is_whole else mask_numbers(name), "exists": is_here}


def key(key: EncryptionKey) -> dict[str, Any]:
    """An encryption key. Not managed, as Central calls it: no passphrase opens it here."""
    return {
        "id": key.pk,
        "public": as_text(bytes(key.public_key)),
        "managed": False,
        "hint": None,
        "createdAt": instant(key.created_at),
    }


def audit(
    row: Submission,
    action: str,
    actor: User,
    at: datetime,
    details: Mapping[str, Any],
    notes: str,
    *,
    is_extended: bool,
) -> dict[str, Any]:
    """An entry of the audit log of a submission."""
    entry = {
        "actorId": actor.pk,
        "action": action,
        "acteeId": str(row.form_id),
        "details": {"instanceId": row.instance_id, "submissionId": row.pk, **details},
        "loggedAt": instant(at),
        "notes": mask_numbers(notes) or None,
    }
    return {**entry, "actor": person(actor)} if is_extended else entry


def comment(row: Comment) -> dict[str, Any]:
    """A comment on a submission."""
    return {"body": mask_numbers(row.body), "actorId": row.user_id, "createdAt": instant(row.at)}


def system(
    row: RecordRow, version: str, n_missing_files: int, status: str | None
) -> dict[str, Any]:
    """`__system` of a submission."""
    return {
        "submissionDate": instant(row.received_at),
        "updatedAt": instant(row.updated_at),
        "submitterId": str(row.submitter_id),
        "submitterName": row.submitter,
        "attachmentsPresent": row.n_files,
        "attachmentsExpected": row.n_files + n_missing_files,
        "status": status,
        "reviewState": REVIEW_STATES[row.review_state],
        "deviceId": mask_numbers(row.device_id) or None,
        "edits": row.n_versions - 1,
        "formVersion": version,
    }

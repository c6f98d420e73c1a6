"""Central's JSON of projects, forms, people and records. Pure but for what the rows hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from server.accounts.models import User
from server.central.conditions import STATES
from server.central.schema import Field, Schema
from server.forms.encryption import as_text
from server.forms.models import EncryptionKey, Form, FormDraft, FormVersion
from server.submissions.models import Attachment, Comment, Submission

PROJECT: Final = 1
"""An installation is one project."""


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def person(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "type": "user",
        "displayName": str(user),
        "createdAt": instant(user.created_at),
        "updatedAt": None,
        "deletedAt": None,
    }


def current_user(user: User) -> dict[str, Any]:
    return {**person(user), "email": user.username}


def project(name: str, created_at: datetime) -> dict[str, Any]:
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
    latest = max((count["latest"] for count in counts.values()), default=None)
    told = {"forms": n_forms, "appUsers": 0, "datasets": n_lists}
    return {**told, "lastSubmission": instant(latest)}


def form(form: Form) -> dict[str, Any]:
    """A form with its current version."""
    version = form.current_version
    assert version is not None  # noqa: S101 asked for by the selector
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
    """A form that is not published; nobody can fill it in, so there is no token to try it with."""
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
        "draftToken": None,
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
    """All fields flat, in form order; with OData's names on wish."""
    return list(_fields(schema.fields, "", odata))


def _fields(below: Iterable[Field], above: str, odata: bool) -> Iterable[dict[str, Any]]:
    for one in below:
        name = one.odata_name if odata else one.name
        path = f"{above}/{name}"
        yield {
            "path": path,
            "name": name,
            "type": one.central_type,
            "binary": True if one.central_type == "binary" else None,
            "selectMultiple": True if one.type == "select_multiple" else None,
        }
        yield from _fields(one.children, path, odata)


def record(row: Submission) -> dict[str, Any]:
    """What Central tells of a record without its answers."""
    version = row.current_version
    assert version is not None  # noqa: S101 written in the same statement
    return {
        "instanceId": row.instance_id,
        "submitterId": row.submitter_id,
        "deviceId": version.device_id or None,
        "userAgent": version.user_agent or None,
        "instanceName": row.title or None,
        "reviewState": STATES[row.review_state],
        "createdAt": instant(row.received_at),
        "updatedAt": instant(row.updated_at),  # type: ignore[attr-defined]
        "currentVersion": {
            "instanceId": version.instance_id,
            "current": True,
            "submitterId": version.submitter_id,
            "deviceId": version.device_id or None,
            "userAgent": version.user_agent or None,
            "createdAt": instant(version.received_at),
        },
    }


def record_extended(row: Submission) -> dict[str, Any]:
    return {"submitter": person(row.submitter)}


def attachment(file: Attachment) -> dict[str, Any]:
    return {"name": file.name, "exists": True}


def key(key: EncryptionKey) -> dict[str, Any]:
    """Not managed, as Central calls it: no passphrase opens it from here."""
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
    """Something that was done to a record."""
    told = {
        "actorId": actor.pk,
        "action": action,
        "acteeId": str(row.form_id),
        "details": {"instanceId": row.instance_id, "submissionId": row.pk, **details},
        "loggedAt": instant(at),
        "notes": notes or None,
    }
    return {**told, "actor": person(actor)} if is_extended else told


def comment(said: Comment) -> dict[str, Any]:
    return {"body": said.body, "actorId": said.user_id, "createdAt": instant(said.at)}


def system(
    row: Submission, version: str, n_answered_files: int, status: str | None
) -> dict[str, Any]:
    """`__system` of a record in OData; the version in_batches counted."""
    current = row.current_version
    present: int = row.n_files  # type: ignore[attr-defined]
    return {
        "submissionDate": instant(row.received_at),
        "updatedAt": instant(row.updated_at),  # type: ignore[attr-defined]
        "submitterId": str(row.submitter_id),
        "submitterName": str(row.submitter),
        "attachmentsPresent": present,
        "attachmentsExpected": max(present, n_answered_files),
        "status": status,
        "reviewState": STATES[row.review_state],
        "deviceId": (current.device_id if current else "") or None,
        "edits": row.n_versions - 1,  # type: ignore[attr-defined]
        "formVersion": version,
    }

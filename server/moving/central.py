"""Reads a project of ODK Central through its API: forms, files, records with their edits, entity lists, app users.

Source: ODK Central API (docs.getodk.org/central-api); addresses and shapes as of version 2025.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote

import requests

from server.moving.problems import SourceRefused
from server.moving.source import (
    Comment,
    Draft,
    File,
    FormSource,
    ListSource,
    OldEntity,
    OldRecord,
    OldVersion,
    SourceForm,
)

TIMEOUT: Final = (10, 120)
"""Seconds to connect, and between two parts of an answer."""
_NO_VERSION: Final = "___"
"""Stands for an empty version in addresses."""
_STATES: Final = {
    "approved": "approved",
    "rejected": "rejected",
    "hasIssues": "has_issues",
    "edited": "",
}
"""Review states of Central → of this server; "edited" follows from the edit itself."""
_FORM_STATES: Final = {"open": "open", "closing": "closing", "closed": "closed"}


@dataclass(slots=True)
class CentralProject:
    """A project that somebody who may read it has logged in to; a context that ends the connections."""

    address: str  # …/v1/projects/N
    session: requests.Session
    is_reviewed: bool = True

    @classmethod
    def log_in(cls, server: str, project: int, email: str, password: str) -> Self:
        """Log in to the server. Raises SourceRefused."""
        base = server.rstrip("/").removesuffix("/v1") + "/v1"
        there = cls(f"{base}/projects/{project}", requests.Session())
        try:
            known = {"email": email, "password": password}
            token = _ask(there.session, "POST", f"{base}/sessions", json=known).json()["token"]
            there.session.headers.update(
                {
                    "Authorization": f"Bearer {token}",
                    "X-Extended-Metadata": "true",
                }
            )
            there.name()
        except SourceRefused:
            there.session.close()
            raise
        return there

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.session.close()

    def name(self) -> str:
        """The project's name."""
        return str(self._json("").get("name", ""))

    def forms(self) -> Iterator[FormSource]:
        """The project's forms, by their form_id."""
        for form in sorted(self._json("/forms"), key=lambda form: str(form["xmlFormId"])):
            yield _Form(self, form)

    def lists(self) -> Iterator[ListSource]:
        """The project's entity lists."""
        for dataset in self._json("/datasets"):
            yield _List(self, dataset)

    def app_users(self) -> list[str]:
        """The display names of the app users that still have a token."""
        return [
            str(user["displayName"]) for user in self._json("/app-users") if user.get("token", True)
        ]

    def faults(self) -> list[tuple[str, str]]:
        """None: a server gives what it lists, or refuses."""
        return []

    def _json(self, path: str) -> Any:
        return _ask(self.session, "GET", self.address + path).json()

    def _bytes(self, path: str) -> bytes:
        return _ask(self.session, "GET", self.address + path).content

    def _file(self, path: str, name: str, media_type: str = "") -> File:
        return File(name, media_type, lambda: self._bytes(f"{path}/{_segment(name)}"))


def _ask(session: requests.Session, method: str, address: str, **given: Any) -> requests.Response:
    """Ask the other server. Raises SourceRefused with its own words."""
    try:
        answer = session.request(method, address, timeout=TIMEOUT, allow_redirects=False, **given)
    except requests.RequestException as error:
        raise SourceRefused(address=address, reason=type(error).__name__) from None
    if answer.status_code >= 300:
        try:
            reason = str(answer.json().get("message", ""))
        except ValueError:
            reason = ""
        raise SourceRefused(address=address, reason=f"{answer.status_code} {reason}".strip())
    return answer


def _segment(text: str) -> str:
    return quote(text, safe="")


@dataclass(slots=True)
class _Form:
    """A form of the project."""

    project: CentralProject
    about: dict[str, Any]

    @property
    def form_id(self) -> str:
        return str(self.about["xmlFormId"])

    @property
    def state(self) -> str:
        return _FORM_STATES.get(str(self.about.get("state")), "open")

    @property
    def _path(self) -> str:
        return f"/forms/{_segment(self.form_id)}"

    def versions(self) -> Iterator[SourceForm]:
        """The published versions, the oldest first."""
        published = self.project._json(f"{self._path}/versions")
        for version in sorted(published, key=lambda item: str(item.get("publishedAt") or "")):
            name = str(version.get("version") or "")
            path = f"{self._path}/versions/{_segment(name or _NO_VERSION)}"
            yield SourceForm(
                name,
                workbook=lambda path=path: self._workbook(path),  # type: ignore[misc]
                files=self._files(path),
            )

    def draft(self) -> Draft | None:
        """The draft, if the form has one."""
        if not self.about.get("draftToken"):
            return None
        path = f"{self._path}/draft"
        return Draft(workbook=lambda: self._workbook(path), files=self._files(path))

    def _workbook(self, path: str) -> bytes:
        """The workbook that a version or draft was made of, an old .xls where Central has no other, else its XForm."""
        for kind in ("xlsx", "xls"):
            try:
                return self.project._bytes(f"{path}.{kind}")
            except SourceRefused as problem:
                if not problem.is_absent:
                    raise
        return self.project._bytes(f"{path}.xml")

    def _files(self, path: str) -> list[File]:
        """The form's own files; entity lists come from the lists."""
        listed = self.project._json(f"{path}/attachments")
        return [
            self.project._file(f"{path}/attachments", str(item["name"]))
            for item in listed
            if item.get("blobExists", item.get("exists")) and not item.get("datasetExists")
        ]

    def count(self) -> int:
        """How many records the form has."""
        return int(self.about.get("submissions") or 0)

    def records(self) -> Iterator[OldRecord]:
        """The form's records, the oldest first."""
        listed = self.project._json(f"{self._path}/submissions")
        for about in sorted(listed, key=lambda item: str(item["createdAt"])):
            yield self._record(about)

    def _record(self, about: dict[str, Any]) -> OldRecord:
        instance_id = str(about["instanceId"])
        path = f"{self._path}/submissions/{_segment(instance_id)}"
        current = about.get("currentVersion") or {}
        return OldRecord(
            instance_id=instance_id,
            current_id=str(current.get("instanceId") or instance_id),
            state=_STATES.get(str(about.get("reviewState") or ""), ""),
            versions=lambda: self._versions(path, about),
            comments=lambda: [
                Comment(str(comment["body"]), _instant(comment["createdAt"]))
                for comment in reversed(self.project._json(f"{path}/comments"))
            ],
        )

    def _versions(self, path: str, about: dict[str, Any]) -> Iterator[OldVersion]:
        listed = self.project._json(f"{path}/versions")
        for version in sorted(listed, key=lambda item: str(item["createdAt"])):
            own = f"{path}/versions/{_segment(str(version['instanceId']))}"
            files = self.project._json(f"{own}/attachments")
            yield OldVersion(
                instance_id=str(version["instanceId"]),
                document=self.project._bytes(f"{own}.xml"),
                received_at=_instant(version["createdAt"]),
                device_id=str(version.get("deviceId") or about.get("deviceId") or ""),
                user_agent=str(version.get("userAgent") or about.get("userAgent") or ""),
                files=[
                    self.project._file(f"{own}/attachments", str(file["name"]))
                    for file in files
                    if file["exists"]
                ],
            )


@dataclass(slots=True)
class _List:
    """An entity list of the project."""

    project: CentralProject
    about: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.about["name"])

    @property
    def needs_approval(self) -> bool:
        return bool(self.about.get("approvalRequired"))

    def properties(self) -> list[str]:
        """The names of the list's properties."""
        whole = self.project._json(f"/datasets/{_segment(self.name)}")
        return [str(item["name"]) for item in whole.get("properties", [])]

    def entities(self) -> Iterator[OldEntity]:
        """The list's entities with all their versions, the oldest first."""
        path = f"/datasets/{_segment(self.name)}/entities"
        for about in sorted(self.project._json(path), key=lambda item: str(item["createdAt"])):
            if about.get("deletedAt"):
                continue
            uuid = str(about["uuid"])
            listed = self.project._json(f"{path}/{_segment(uuid)}/versions")
            in_order = sorted(listed, key=lambda item: int(item["version"]))
            yield OldEntity(
                uuid,
                [
                    (
                        str(version["label"]),
                        {name: str(text) for name, text in (version.get("data") or {}).items()},
                        _instant(version["createdAt"]),
                    )
                    for version in in_order
                ],
            )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)

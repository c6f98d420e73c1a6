"""Reads a folder of records: ODK Briefcase's storage, or the project folder of a phone with ODK Collect.

Source: ODK Briefcase (getodk/briefcase), BriefcaseFormDefinition and FileSystemUtils: `forms/NAME/NAME.xml`,
`forms/NAME/NAME-media/`, `forms/NAME/instances/uuid…/submission.xml` with the record's files beside it;
ODK Collect (getodk/collect), StoragePaths and InstancesDatabase: `forms/NAME.xml`, `forms/NAME-media/`,
`instances/NAME_TIME/NAME_TIME.xml`, `metadata/instances.db`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

from django.utils.translation import gettext as _

from server.core import clock
from server.core.problems import Problem
from server.forms import given_xforms
from server.moving.problems import NoSuchFolder
from server.moving.source import (
    Draft,
    File,
    FormSource,
    ListSource,
    OldRecord,
    OldVersion,
    SourceForm,
)
from server.submissions.envelope import Envelope
from server.submissions.services.receiving import read_envelope

_INSTANCES: Final = "instances"
_MEDIA: Final = "-media"
_RECORD: Final = "submission.xml"
_LAST_SAVED: Final = "last-saved.xml"
"""What Collect keeps of the last record for its own use."""
_UNFINISHED: Final = ("incomplete", "invalid", "valid")
"""Collect's states of records that nobody has finalized."""
_Held = TypeVar("_Held")


@dataclass(frozen=True, slots=True)
class _Instance:
    """A record or an edit that lies in the folder."""

    path: Path
    envelope: Envelope
    at: datetime


@dataclass(slots=True)
class BriefcaseFolder:
    """What lies in a folder: definitions of forms, records, and what is neither readable nor finished."""

    root: Path
    definitions: dict[str, list[tuple[str, Path]]] = field(default_factory=dict)
    instances: dict[str, list[_Instance]] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    is_reviewed: bool = False

    @classmethod
    def read(cls, root: Path, only: Collection[str] = ()) -> Self:
        """Look through the folder; of `only` these forms, if any are named. Raises NoSuchFolder.

        A link is not followed, because it can lead out of the folder.
        """
        here = cls(root)
        if not root.is_dir():
            raise NoSuchFolder(folder=str(root))
        for folder, below, names in os.walk(root):
            place = Path(folder)
            below[:] = sorted(name for name in below if not name.startswith("."))
            if place.name == _INSTANCES:
                here._records(place, below)
                below.clear()
                continue
            for name in [name for name in below if name.endswith(_MEDIA)]:
                below.remove(name)
            for name in sorted(names):
                if name.lower().endswith(".xml") and not name.startswith("."):
                    here._definition(place / name)
        if only:
            here.definitions = _only(here.definitions, only)
            here.instances = _only(here.instances, only)
        if not here.definitions and not here.instances and not here.refused:
            raise NoSuchFolder(folder=str(root))
        return here

    def name(self) -> str:
        """The folder's name."""
        return self.root.resolve().name

    def forms(self) -> Iterator[FormSource]:
        """The forms that the folder has a definition or records of, by their form_id."""
        for form_id in sorted(self.definitions.keys() | self.instances.keys()):
            yield _Form(self, form_id)

    def lists(self) -> Iterator[ListSource]:
        """None: a folder has no entity lists but those that its records make."""
        return iter(())

    def app_users(self) -> list[str]:
        """None: a folder has no accounts."""
        return []

    def faults(self) -> list[tuple[str, str]]:
        """What cannot be taken, and why."""
        return self.refused

    def _refuse(self, path: Path, why: str) -> None:
        self.refused.append((str(path.relative_to(self.root)), why))

    def _definition(self, path: Path) -> None:
        try:
            form, _sheets = given_xforms.read(_bytes(path), path.name)
        except (Problem, OSError) as problem:
            self._refuse(path, _words(problem))
            return
        self.definitions.setdefault(form.form_id, []).append((form.version, path))

    def _records(self, folder: Path, names: list[str]) -> None:
        unfinished = _unfinished(folder.parent / "metadata" / "instances.db")
        for name in names:
            place = folder / name
            path = None if place.is_symlink() else _record_of(place)
            if path is None:
                self._refuse(place, _("There is no record in this folder."))
            elif path.name in unfinished:
                self._refuse(
                    place,
                    _("The record is a draft on its phone. Finish and send it there."),
                )
            else:
                self._record(path)

    def _record(self, path: Path) -> None:
        try:
            envelope = read_envelope(_bytes(path))
            at = datetime.fromtimestamp(path.stat().st_mtime, tz=clock.now().tzinfo)
        except (Problem, OSError) as problem:
            self._refuse(path, _words(problem))
            return
        known = _Instance(path, envelope, envelope.submission_date or at)
        self.instances.setdefault(envelope.form_id, []).append(known)


@dataclass(slots=True)
class _Form:
    """A form of the folder."""

    folder: BriefcaseFolder
    form_id: str
    state: str = "open"

    def versions(self) -> Iterator[SourceForm]:
        """The definitions, the oldest file first."""
        known = self.folder.definitions.get(self.form_id, [])
        for version, path in sorted(known, key=lambda item: (item[1].stat().st_mtime, item[0])):
            media = path.with_name(path.stem + _MEDIA)
            files = [file for file in _files(media) if file.name != _LAST_SAVED]
            yield SourceForm(version, workbook=lambda path=path: _bytes(path), files=files)  # type: ignore[misc]

    def draft(self) -> Draft | None:
        """None: a folder has no drafts."""
        return None

    def count(self) -> int:
        """How many records and edits lie in the folder."""
        return len(self.folder.instances.get(self.form_id, []))

    def records(self) -> Iterator[OldRecord]:
        """The records, the oldest first, each with the edits of it that lie in the folder."""
        for chain in _chains(self.folder.instances.get(self.form_id, [])):
            yield OldRecord(
                instance_id=chain[0].envelope.instance_id,
                current_id=chain[-1].envelope.instance_id,
                state="",
                versions=lambda chain=chain: map(_version, chain),  # type: ignore[misc]
                comments=list,
            )


def _version(instance: _Instance) -> OldVersion:
    now, stated = clock.now(), instance.envelope.submission_date
    return OldVersion(
        instance_id=instance.envelope.instance_id,
        document=_bytes(instance.path),
        received_at=stated if stated and stated < now else now,
        device_id="",
        user_agent="",
        files=[file for file in _files(instance.path.parent) if file.name != instance.path.name],
        is_encrypted=instance.envelope.encrypted,
    )


def _chains(instances: list[_Instance]) -> Iterator[list[_Instance]]:
    """Each record with its edits, in the order in which one replaces the other."""
    in_order = sorted(instances, key=lambda item: (item.at, item.envelope.instance_id))
    known = {item.envelope.instance_id for item in in_order}
    edits: dict[str, list[_Instance]] = {}
    first = []
    for item in in_order:
        before = item.envelope.deprecated_id
        if before in known and before != item.envelope.instance_id:
            edits.setdefault(before, []).append(item)
        else:
            first.append(item)
    for item in first:
        chain = [item]
        for earlier in chain:
            chain += edits.pop(earlier.envelope.instance_id, [])
        yield chain
    yield from edits.values()  # circles: each names the other as the one before


def _record_of(place: Path) -> Path | None:
    """The record's own document: what Briefcase and encryption call it, else what Collect does, else the only XML."""
    for name in (_RECORD, f"{place.name}.xml"):
        if _is_file(place / name):
            return place / name
    others = sorted(path for path in place.glob("*.xml") if _is_file(path))
    return others[0] if len(others) == 1 else None


def _files(folder: Path) -> list[File]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    inside = sorted(path for path in folder.iterdir() if _is_file(path))
    return [File(path.name, "", lambda path=path: _bytes(path)) for path in inside]  # type: ignore[misc]


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(".")


def _bytes(path: Path) -> bytes:
    if path.is_symlink():
        raise OSError
    return path.read_bytes()


def _words(problem: Exception) -> str:
    if isinstance(problem, Problem):
        return f"{problem.title}: {problem}"
    return _("The file cannot be read.")


def _unfinished(database: Path) -> set[str]:
    """The names of the records that Collect's own database calls drafts."""
    if not _is_file(database):
        return set()
    marks = ", ".join("?" * len(_UNFINISHED))
    query = f"select instanceFilePath from instances where status in ({marks})"  # noqa: S608 only marks are put in
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            return {Path(str(row[0])).name for row in opened.execute(query, _UNFINISHED)}
    except sqlite3.Error:
        return set()


def _only(by_form: Mapping[str, _Held], only: Collection[str]) -> dict[str, _Held]:
    return {form_id: value for form_id, value in by_form.items() if form_id in only}

"""What is taken over from another server, whichever it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class File:
    """A file by name; its bytes are fetched when they are asked for."""

    name: str
    media_type: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class SourceForm:
    """A published version of a form."""

    version: str
    workbook: Callable[[], bytes]
    files: list[File]


@dataclass(frozen=True, slots=True)
class Draft:
    """A form's draft."""

    workbook: Callable[[], bytes]
    files: list[File]


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A record as it was sent first, or one of its edits."""

    instance_id: str
    document: bytes
    received_at: datetime
    device_id: str
    user_agent: str
    files: list[File]
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a record."""

    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OldRecord:
    """A record; its versions and comments are fetched when they are asked for."""

    instance_id: str
    current_id: str  # of the version that counts
    state: str  # ReviewState, "" for none
    versions: Callable[[], Iterable[OldVersion]]
    comments: Callable[[], list[Comment]]


@dataclass(frozen=True, slots=True)
class OldEntity:
    """An entity with its versions, each with label, values and time."""

    uuid: str
    versions: list[tuple[str, Mapping[str, str], datetime]]


class FormSource(Protocol):
    """A form with its versions and records."""

    @property
    def form_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    def versions(self) -> Iterator[SourceForm]: ...
    def draft(self) -> Draft | None: ...
    def count(self) -> int: ...
    def records(self) -> Iterator[OldRecord]: ...


class ListSource(Protocol):
    """An entity list."""

    @property
    def name(self) -> str: ...
    @property
    def needs_approval(self) -> bool: ...
    def properties(self) -> list[str]: ...
    def entities(self) -> Iterator[OldEntity]: ...


class Source(Protocol):
    """Everything that a project or a folder has."""

    def name(self) -> str: ...
    @property
    def is_reviewed(self) -> bool: ...  # whether its records have review states and comments
    def forms(self) -> Iterator[FormSource]: ...
    def lists(self) -> Iterator[ListSource]: ...
    def app_users(self) -> list[str]: ...
    def faults(self) -> list[tuple[str, str]]: ...  # what it has and cannot give, and why

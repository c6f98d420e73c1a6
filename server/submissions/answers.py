"""Reads an instance's answers by the form's paths. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lxml import etree

from server.core import answers, clock
from server.core.labels import Label, listed
from server.core.masking import mask_numbers
from server.core.xml import local_name

FILE_TYPES: Final = frozenset({"image", "audio", "video", "file", "audit"})
"""Questions whose answer is the name of a file."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where and when the visit was, and the record's title; what is missing or unreadable is empty."""

    area_code: str = ""
    observed_at: datetime | None = None
    point: tuple[float, float] | None = None  # longitude, latitude
    accuracy: float | None = None
    instance_name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question, group or repeat of a filled-in form, for showing."""

    path: str  # as in the form, without indexes: /data/members/name
    place: str  # with them: /data/members[2]/name
    name: str
    label: Label
    kind: str  # group, repeat, question
    type: str
    value: str  # as the phone wrote it
    texts: tuple[Label, ...] = ()  # of a choice, the choices' labels
    number: int = 0  # of a repeat, from 1
    children: tuple[Answer, ...] = field(default=())

    @property
    def text(self) -> str:
        """The answer for people, in the active language."""
        return listed(self.texts) if self.texts else self.value


def head(root: etree._Element, paths: Mapping[str, str]) -> Head:
    """The head answers of an instance; `paths` is the form mapping's `head`."""
    point, accuracy = _geopoint(_at(root, paths.get("loc", "")))
    return Head(
        area_code=_division_code(_at(root, paths.get("area_code", ""))),
        observed_at=_instant(_at(root, paths.get("observed_at", ""))),
        point=point,
        accuracy=accuracy,
        instance_name=_instance_name(root),
    )


def answer_tree(root: etree._Element, questions: Mapping[str, Any]) -> list[Answer]:
    """The answers in the order they were asked, groups and repeats nested.

    `questions` is FormVersion.questions. Elements the form does not know are left out;
    empty answers are there, empty.
    """
    items = {item["path"]: item for item in questions.get("items", ())}
    choices = questions.get("choices", {})
    path = f"/{local_name(root)}"
    return list(_walk(root, path, path, items, choices))


def file_names(root: etree._Element, questions: Mapping[str, Any]) -> list[str]:
    """The files that the answers name, in the order they were asked for, each once."""
    paths = [item["path"] for item in questions.get("items", ()) if item["type"] in FILE_TYPES]
    names = (name for path in paths for name in _all_at(root, path))
    return list(dict.fromkeys(name for name in names if is_sent(name)))


def is_sent(name: str) -> bool:
    """Whether a phone sends the file that an answer names: default images come with the form, not with the record."""
    return not name.startswith("jr://")


def _walk(
    element: etree._Element,
    path: str,
    place: str,
    items: Mapping[str, Any],
    choices: Mapping[str, Any],
) -> Iterator[Answer]:
    numbers: dict[str, int] = {}
    for child in element:
        name = local_name(child)
        item = items.get(f"{path}/{name}")
        if item is None:
            continue
        number = numbers[name] = numbers.get(name, 0) + 1
        is_repeat = item["kind"] == "repeat"
        own_path = f"{path}/{name}"
        own_place = f"{place}/{name}[{number}]" if is_repeat else f"{place}/{name}"
        is_question = item["kind"] == "question"
        value = (child.text or "").strip() if is_question else ""
        yield Answer(
            path=own_path,
            place=own_place,
            name=name,
            label=_label(item.get("label"), name),
            kind=item["kind"],
            type=item["type"],
            value=value,
            texts=_texts(value, item, choices) if value else (),
            number=number if is_repeat else 0,
            children=()
            if is_question
            else tuple(_walk(child, own_path, own_place, items, choices)),
        )


def _label(texts: Mapping[str, str] | None, name: str) -> Label:
    texts = texts or {}
    chinese, english = texts.get("zh") or "", texts.get("en") or ""
    return Label(chinese or english or name, english or chinese or name)


def _texts(value: str, item: Mapping[str, Any], choices: Mapping[str, Any]) -> tuple[Label, ...]:
    """Labels of the chosen values; none when the choices are an entity list or not known."""
    labels = choices.get(item.get("list") or "")
    if not labels or not item["type"].startswith(("select", "rank")):
        return ()
    chosen = [value] if item["type"].startswith("select_one") else value.split()
    return tuple(_label(labels.get(choice), choice) for choice in chosen)


def _at(root: etree._Element, path: str) -> str:
    """The first non-blank answer at an absolute path, matched by local names."""
    return next(iter(_all_at(root, path)), "")


def _all_at(root: etree._Element, path: str) -> Iterator[str]:
    """The non-blank answers at an absolute path, in all repetitions."""
    first, *names = path.strip("/").split("/")
    level = [root] if names and first == local_name(root) else []
    for name in names:
        level = [child for element in level for child in element if local_name(child) == name]
    return (text for element in level if (text := (element.text or "").strip()))


def _instance_name(root: etree._Element) -> str:
    """The instanceName, with ID and phone numbers masked: it is stored unsealed, and lists show it."""
    for meta in root:
        if local_name(meta) == "meta":
            for child in meta:
                if local_name(child) == "instanceName":
                    return mask_numbers((child.text or "").strip()[:250])
    return ""


def _division_code(text: str) -> str:
    """A division code of 12 digits; shorter official prefixes are filled up with zeros, anything else is ""."""
    if text.isascii() and text.isdigit() and len(text) in (2, 4, 6, 9, 12):
        return text.ljust(12, "0")
    return ""


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=clock.OFFICE)


def _geopoint(text: str) -> tuple[tuple[float, float] | None, float | None]:
    """`lat lon [alt [acc]]` → ((lon, lat), accuracy)."""
    place = answers.place(text)
    if place is None:
        return None, None
    accuracy = place.accuracy if place.accuracy is not None and place.accuracy >= 0 else None
    return (place.longitude, place.latitude), accuracy

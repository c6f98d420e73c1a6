"""A record's answers as the review page lays them out: tables in form order, members side by side, the ledger's value beside each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse

from server.accounts.access import Access
from server.console.answers import UUID_ANSWER, heading, is_nameless, written
from server.console.pages import area_names
from server.console.presentation import cell_of
from server.core.xml import BadXml
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Kind, Sensitivity
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.models.choices import FAMILY_CHOICES
from server.ledgers.reading.answers import ShownAnswer, on_screen, shown_answers
from server.ledgers.selectors import (
    Chosen,
    Comparison,
    address_title,
    below_root,
    chosen_entries,
    compare,
    subjects_of_record,
)
from server.submissions.instance import Instance
from server.submissions.models import Submission

_KINDS = dict(FAMILY_CHOICES)
_NUMBER = re.compile(r"\[(\d+)\]$")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Named:
    """An entry by what people call it, with the address of its page; "" where it has none."""

    title: str
    url: str = ""
    kind: str = ""
    is_new: bool = False  # nobody else has said anything of it yet


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """One answer, and what the ledger holds in its place."""

    text: str
    masked: bool = False
    url: str = ""  # of the entry that was chosen
    standing: str = ""  # new, same, changed; "" where no ledger is concerned
    ledger: str = ""  # the ledger's value
    place: str = ""  # by which the answer can be sent back; "" where it cannot


@dataclass(frozen=True, slots=True)
class Line:
    """A question with its answer in each column, or the heading of a group."""

    label: str
    depth: int
    is_group: bool = False
    cells: tuple[AnswerCell | None, ...] = ()


@dataclass(slots=True)
class Sheet:
    """A table of answers. `heads` names its columns where they are members side by side."""

    label: str = ""
    heads: list[Named] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class ReadRecord:
    """A record as the page shows it."""

    sheets: list[Sheet] = field(default_factory=list)
    computed: list[Line] = field(default_factory=list)
    visited: list[Named] = field(default_factory=list)
    changed: int = 0  # answers that differ from the ledger
    new: int = 0  # answers where the ledger holds nothing

    @property
    def is_empty(self) -> bool:
        return not self.sheets


def read_record(
    access: Access,
    submission: Submission,
    instance: Instance | None,
    askable: Collection[str] = (),
) -> ReadRecord:
    """The current version's answers beside the ledgers; an empty one while it is encrypted or cannot be read.

    `askable` are the places of answers that the reader may send back.
    """
    version = submission.current_version
    if version is None or instance is None:
        return ReadRecord()
    try:
        answers = shown_answers(
            instance, version.form_version, on_screen(access, submission.area_code)
        )
    except BadXml:
        return ReadRecord()
    asked = [answer for answer in answers if answer.kind == "question" and answer.value]
    comparison = compare(access, submission, instance, [answer.path for answer in asked])
    chosen = chosen_entries(
        access,
        {answer.value for answer in asked if UUID_ANSWER.fullmatch(answer.value)},
        communities=(submission.area_code, submission.located_area),
    )
    layout = _Layout(access, answers, version.form_version, comparison, chosen, askable)
    return layout.record()


def url_of(ledger: str, entry: Any) -> str:
    """The address of an entry's page; "" where it has none."""
    try:
        if ledger in ("person", "household", "employer", "case"):
            return reverse(f"console:{ledger}", args=[entry])
        return reverse("console:entry", args=[DEFINITIONS[ledger].path, entry])
    except (NoReverseMatch, KeyError):
        return ""


class _Layout:
    """Lays the shown answers of one record out."""

    def __init__(
        self,
        access: Access,
        answers: Sequence[ShownAnswer],
        form: FormVersion,
        comparison: Comparison,
        chosen: Mapping[str, Chosen],
        askable: Collection[str],
    ) -> None:
        self.access, self.answers, self.comparison = access, answers, comparison
        self.chosen, self.askable = chosen, askable
        self.place = {
            below_root(item["path"]): number
            for number, item in enumerate(form.questions.get("items", ()))
        }
        self.areas = area_names(
            str(getattr(beside.entry, beside.column.name))
            for beside in comparison.answers.values()
            if beside.entry is not None and beside.column.kind is Kind.AREA
        )
        self.result = ReadRecord()

    def record(self) -> ReadRecord:
        """The whole record."""
        for subject in subjects_of_record(self.comparison):
            if subject.row is not None:
                label = str(_KINDS.get(subject.ledger, DEFINITIONS[subject.ledger].label))
                title = address_title(subject.row)
                url = url_of(subject.ledger, subject.entry)
                self.result.visited.append(Named(title, url, label, subject.is_new))
        place = 0
        while place < len(self.answers):
            answer = self.answers[place]
            if answer.kind == "repeat":
                place = self._members(place)
            else:
                self._plain(place)
                place += 1
        self.result.sheets = [sheet for sheet in self.result.sheets if sheet.lines]
        return self.result

    def _plain(self, place: int) -> None:
        """A question or group outside of repeats, in the table at hand."""
        answer, sheets = self.answers[place], self.result.sheets
        if not sheets or sheets[-1].heads:
            sheets.append(Sheet())
        if answer.kind != "question":
            if self._has_answers(place) and not is_nameless(answer):
                sheets[-1].lines.append(Line(heading(answer), answer.depth, is_group=True))
        elif answer.value:
            line = Line(answer.label, answer.depth, cells=(self._cell(answer),))
            if is_nameless(answer):
                self.result.computed.append(line)
            else:
                sheets[-1].lines.append(line)

    def _members(self, place: int) -> int:
        """The instances of a repeat side by side; the place behind the last one."""
        first = self.answers[place]
        name = _NUMBER.sub("", first.path)
        sheet = Sheet(label=first.label)
        lines: dict[str, tuple[ShownAnswer, dict[int, AnswerCell]]] = {}
        column = -1
        while place < len(self.answers):
            answer = self.answers[place]
            if answer.depth < first.depth or (
                answer.depth == first.depth and _NUMBER.sub("", answer.path) != name
            ):
                break
            if answer.depth == first.depth:
                column += 1
                sheet.heads.append(self._head(answer))
            else:
                within = answer.path[len(f"{name}[{column + 1}]") :]
                _kept, cells = lines.setdefault(within, (answer, {}))
                if answer.kind == "question" and answer.value:
                    cells[column] = self._cell(answer)
            place += 1
        ordered = sorted(lines.items(), key=lambda item: self._order(item[1][0].path))
        rows = [(answer, cells) for _path, (answer, cells) in ordered]
        for number, (answer, cells) in enumerate(rows):
            line = Line(
                answer.label if answer.kind == "question" else heading(answer),
                answer.depth - first.depth - 1,
                is_group=answer.kind != "question",
                cells=tuple(cells.get(index) for index in range(column + 1)),
            )
            if answer.kind != "question":
                if not is_nameless(answer) and _leads_somewhere(rows, number):
                    sheet.lines.append(line)
            elif cells:
                (self.result.computed if is_nameless(answer) else sheet.lines).append(line)
        self.result.sheets.append(sheet)
        return place

    def _order(self, path: str) -> tuple[int, str]:
        return (self.place.get(below_root(_INDEX.sub("", path)), 0), path)

    def _head(self, answer: ShownAnswer) -> Named:
        """A member by name with a link, or by number where the ledger does not have it yet."""
        number = _NUMBER.search(answer.path)
        title = f"{answer.label} {number[1]}" if number else answer.label
        subjects = self.comparison.subjects.get(below_root(answer.path), ())
        for subject in subjects:
            if subject.row is not None:
                url = url_of(subject.ledger, subject.entry)
                return Named(address_title(subject.row), url, is_new=subject.is_new)
        return Named(title, is_new=bool(subjects))

    def _cell(self, answer: ShownAnswer) -> AnswerCell:
        chosen = self.chosen.get(answer.value)
        if chosen is not None:
            text, url = chosen.title, url_of(chosen.ledger, chosen.entry) if chosen.ledger else ""
        else:
            text, url = written(answer), ""
        standing = ledger = ""
        beside = self.comparison.answers.get(below_root(answer.path))
        if beside is not None:
            standing = beside.standing.value
            if beside.entry is not None:
                cell = cell_of(beside.entry, beside.column, self.access, {}, self.areas)
                ledger = cell.text if cell else ""
            if not is_nameless(answer):
                self.result.changed += standing == "changed"
                self.result.new += standing == "new"
        place = answer.path if answer.path in self.askable else ""
        is_masked = answer.sensitivity is Sensitivity.MASKED
        return AnswerCell(text, is_masked, url, standing, ledger, place)

    def _has_answers(self, place: int) -> bool:
        """Whether the group at this place holds an answer outside of repeats."""
        depth = self.answers[place].depth
        for inner in self.answers[place + 1 :]:
            if inner.depth <= depth:
                return False
            if inner.kind == "repeat":
                return False
            if inner.kind == "question" and inner.value and not is_nameless(inner):
                return True
        return False


def _leads_somewhere(rows: Sequence[tuple[ShownAnswer, Mapping[int, Any]]], number: int) -> bool:
    """Whether a group of members has a row with an answer that is shown."""
    depth = rows[number][0].depth
    for answer, cells in rows[number + 1 :]:
        if answer.depth <= depth:
            return False
        if answer.kind == "question" and cells and not is_nameless(answer):
            return True
    return False

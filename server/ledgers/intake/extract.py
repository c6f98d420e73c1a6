"""Extract the ledger records of one instance document, by its form's mapping. Pure.

The mapping is compiled once into a tree of tags, and each document is walked once along it.
No content of a document makes this fail: an answer that is no value of its column is noted
by path and left out, since validation is the device's task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import product
from typing import Any, Final

from lxml import etree

from server.core import clock, xml
from server.ledgers.definitions import normalise
from server.ledgers.definitions.columns import Reading
from server.ledgers.definitions.ledgers import DEFINITIONS, MEMBER_OF
from server.ledgers.definitions.ordinals import MAX_RECORDS
from server.ledgers.definitions.readings import spelled
from server.ledgers.definitions.vocabulary import ContributionFlag
from server.ledgers.identity.keys import Key
from server.ledgers.intake.conversions import CONVERSIONS, BadAnswer, instant_of
from server.ledgers.intake.numbers import READERS

_KEYS_OF_PERSONS_AND_EMPLOYERS: Final = frozenset({Reading.ID_NO, Reading.USCC})
"""Readings that a record's strong key needs whole: `numbers` reads those."""


@dataclass(frozen=True, slots=True)
class Head:
    """Facts of the submission as a whole."""

    area_code: str = ""
    observed_at: datetime | None = None
    loc: list[float | None] | None = None  # lon, lat, altitude, accuracy
    met_whom: str = ""  # list MW
    instance_name: str = ""
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The answers of one document about one entry of a ledger."""

    ledger: str
    path: str  # with indexes on repeats: /data/members[2]
    ordinal: int  # its place among the document's records
    keys: tuple[Key, ...]  # strongest first
    values: dict[str, Any]  # sealed columns in plain
    links: dict[str, tuple[Key, ...]]
    flags: tuple[str, ...] = ()  # bad_id, bad_uscc, bad_phone: kept, but not trusted as a key
    corrected: dict[str, int] = field(default_factory=dict)  # column → the correcting submission


@dataclass(frozen=True, slots=True)
class Extracted:
    """Everything extracted from one document."""

    head: Head
    records: list[Record]
    problems: list[str]  # "bad_date /data/members[2]/birth": kind and path, never the answer
    is_imported: bool = False  # a row of an old ledger: level V0
    gone: set[int] = field(default_factory=set)  # versions of corrections without a place in it


def records(
    document: bytes | etree._Element, mapping: dict[str, Any], today: date | None = None
) -> Extracted:
    """The records of a document. Raises core.xml.BadXml when it is no XML at all.

    `today` bounds birth dates in ID numbers: the day of receipt, so that a rebuild years
    later reads the same; the office's present day unless given.
    """
    root = xml.parse(document) if isinstance(document, bytes) else document
    extracted = _Walk(_plan(mapping), root, today or clock.today()).result()
    return replace(extracted, is_imported=bool(mapping.get("imported")))


def _strong_keys(ledger: str) -> frozenset[str]:
    return DEFINITIONS[ledger].strong_keys


# --- the plan: the mapping as a tree of tags ---


@dataclass(slots=True)
class _Step:
    """An element that leads somewhere: to a record, to an answer, or to such elements within."""

    tag: str
    children: dict[str, _Step] = field(default_factory=dict)
    is_repeat: bool = False
    opens: list[int] = field(default_factory=list)
    answers: list[tuple[int, str, str, Callable[[str, str], Any], str]] = field(
        default_factory=list
    )
    head: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    ledger: str
    keys: tuple[str, ...]
    links: tuple[tuple[str, int, int], ...]  # name, index of the kind, how many repeats surround it

    @property
    def link_names(self) -> frozenset[str]:
        return frozenset(name for name, _index, _depth in self.links)


@dataclass(frozen=True, slots=True)
class _Plan:
    root: _Step
    kinds: tuple[_Kind, ...]


_plans: dict[str, _Plan] = {}


def _plan(mapping: dict[str, Any]) -> _Plan:
    plan = _plans.get(mapping["digest"])
    if plan is None:
        if len(_plans) >= 200:
            _plans.clear()
        plan = _plans[mapping["digest"]] = _compile(mapping)
    return plan


def _compile(mapping: dict[str, Any]) -> _Plan:
    root = _Step(mapping["root"])

    def step(path: str) -> _Step:
        here = root
        for tag in path.split("/")[2:]:
            here = here.children.setdefault(tag, _Step(tag))
        return here

    for path in mapping["repeats"]:
        step(path).is_repeat = True
    for index, kind in enumerate(mapping["records"]):
        step(kind["at"]).opens.append(index)
    for path, targets in mapping["questions"].items():
        step(path).answers = [
            (index, column, conversion, CONVERSIONS[conversion], extra)
            for index, column, conversion, extra in targets
        ]
    for name, path in mapping["head"].items():
        step(path).head.append(name)
    for name, tag in (("instance_id", "instanceID"), ("instance_name", "instanceName")):
        step(f"/{mapping['root']}/meta/{tag}").head.append(name)
    kinds = tuple(
        _Kind(
            kind["ledger"],
            tuple(kind["keys"]),
            tuple(
                (name, index, _depth(mapping["records"][index]["at"], mapping["repeats"]))
                for name, index in kind["links"].items()
            ),
        )
        for kind in mapping["records"]
    )
    return _Plan(root, kinds)


def _depth(at: str, repeats: list[str]) -> int:
    """How many repeats a record kind stands in, itself included."""
    return sum(1 for repeat in repeats if f"{at}/".startswith(f"{repeat}/"))


# --- the walk ---


@dataclass(slots=True)
class _Open:
    """A record being filled."""

    kind: _Kind
    path: str
    scopes: tuple[str, ...]  # paths of the repeat instances it stands in, outermost first
    ordinal: int
    values: dict[str, Any] = field(default_factory=dict)
    entry_id: str = ""
    flags: list[str] = field(default_factory=list)
    id_keys: tuple[Key, ...] = ()  # what it is known by everywhere
    keys: tuple[Key, ...] | None = None


class _Walk:
    """One walk over a document, collecting open records, then their keys and links."""

    def __init__(self, plan: _Plan, root: etree._Element, today: date) -> None:
        self.plan, self.today = plan, today
        self.head: dict[str, Any] = {}
        self.problems: list[str] = []
        self.order: list[_Open] = []
        self.current: list[_Open | None] = [None] * len(plan.kinds)
        self.opened: dict[tuple[int, str], _Open] = {}
        path = f"/{plan.root.tag}"
        if plan.root.opens:
            self._open(plan.root, path, ())
        self._inside(root, plan.root, path, ())

    def _inside(
        self, element: etree._Element, step: _Step, path: str, scopes: tuple[str, ...]
    ) -> None:
        steps = step.children
        counts: dict[str, int] | None = None
        for child in element:
            tag = child.tag
            next_step = steps.get(tag)
            if next_step is None:
                if not isinstance(tag, str) or tag[0] != "{":
                    continue
                next_step = steps.get(tag.rpartition("}")[2])
                if next_step is None:
                    continue
            if next_step.answers or next_step.head:
                text = child.text
                if text and (text := text.strip()):
                    self._answer(next_step, text, path)
            if next_step.children:
                if next_step.is_repeat:
                    counts = counts or {}
                    n = counts[next_step.tag] = counts.get(next_step.tag, 0) + 1
                    here = f"{path}/{next_step.tag}[{n}]"
                    within = (*scopes, here)
                else:
                    here, within = f"{path}/{next_step.tag}", scopes
                if next_step.opens:
                    self._open(next_step, here, within)
                self._inside(child, next_step, here, within)

    def _open(self, step: _Step, path: str, scopes: tuple[str, ...]) -> None:
        for index in step.opens:
            place = (index, scopes[-1] if scopes else "")
            record = self.opened.get(place)
            if record is None:
                if len(self.order) == MAX_RECORDS:
                    self.problems.append(f"too_many_records {path}")
                    self.current[index] = None
                    continue
                record = _Open(self.plan.kinds[index], path, scopes, len(self.order))
                self.opened[place] = record
                self.order.append(record)
            self.current[index] = record

    def _answer(self, step: _Step, text: str, path: str) -> None:
        for name in step.head:
            if name not in self.head:
                try:
                    self.head[name] = _HEAD[name](text)
                except BadAnswer:
                    self.problems.append(f"bad_{name} {path}/{step.tag}")
        for index, column, conversion, convert, extra in step.answers:
            record = self.current[index]
            if record is None:
                continue
            try:
                value = convert(text, extra)
            except BadAnswer:
                self.problems.append(f"bad_{conversion} {path}/{step.tag}")
                continue
            if conversion == "entry_id":
                record.entry_id = record.entry_id or value
            elif column not in record.values and value not in ("", []):
                record.values[column] = value
                if conversion == "point" and extra and value[3] is not None:
                    record.values.setdefault(extra, f"{value[3]:.2f}")
                elif conversion == Reading.PHONE:
                    self._phone(record, column, value)
                elif conversion in _KEYS_OF_PERSONS_AND_EMPLOYERS and column not in _strong_keys(
                    record.kind.ledger
                ):
                    record.values[column] = spelled(Reading(conversion), value, self.today)

    def _phone(self, record: _Open, column: str, answer: str) -> None:
        phone = normalise.phone(answer)
        record.values[column] = phone.number
        if not phone.is_valid:
            record.flags.append(ContributionFlag.BAD_PHONE)
            self.problems.append(f"bad_phone {record.path}")

    # --- records, once the whole document is read ---

    def result(self) -> Extracted:
        """The records that have values, with their keys and links."""
        for record in self.order:
            self._read_numbers(record)
        with_values = [
            Record(
                ledger=record.kind.ledger,
                path=record.path,
                ordinal=record.ordinal,
                keys=self._keys(record),
                values=record.values,
                links=self._links(record),
                flags=tuple(record.flags),
            )
            for record in self.order
            if record.values
        ]
        return Extracted(Head(**self.head), with_values, self.problems)

    def _read_numbers(self, record: _Open) -> None:
        """Take the record's keys out of its numbers, with what is wrong with these."""
        reader = READERS.get(record.kind.ledger)
        if reader is not None:
            numbers = reader(record.values, self.today)
            record.id_keys = numbers.keys
            record.flags += numbers.flags
            wrong = (*numbers.problems, *numbers.flags)
            self.problems += [f"{word} {record.path}" for word in wrong]

    def _keys(self, record: _Open) -> tuple[Key, ...]:
        if record.keys is None:
            keys = [key for word in record.kind.keys for key in self._key(record, word)]
            if not keys:
                keys = [Key("local", f"{self.head.get('instance_id', '')}|{record.path}")]
            record.keys = tuple(keys)
        return record.keys

    def _key(self, record: _Open, word: str) -> list[Key]:
        if word == "id":
            return [Key("id", record.entry_id)] if record.entry_id else []
        if word == "instance":
            instance_id = self.head.get("instance_id", "")
            return [Key("instance", instance_id)] if instance_id else []
        if "+" not in word:
            return list(record.id_keys)
        if MEMBER_OF in word.split("+") and record.id_keys:
            return []  # the number says who it is; a namesake with another number is somebody else
        owners: list[list[tuple[str, Key]]] = []
        values: list[str] = []
        for part in word.split("+"):
            if part in record.kind.link_names:
                linked = self._linked(record, part)
                if linked is None:
                    return []
                owners.append([(linked.kind.ledger, key) for key in self._keys(linked)])
            elif (value := record.values.get(part)) is None:
                return []
            else:
                values.append(normalise.title(str(value)))
        return [Key(word, "|".join(values), named) for named in product(*owners)]

    def _linked(self, record: _Open, name: str) -> _Open | None:
        """The record that a link points at, unless the document left it without values and keys."""
        for link, index, depth in record.kind.links:
            if link == name:
                scope = record.scopes[depth - 1] if 0 < depth <= len(record.scopes) else ""
                linked = self.opened.get((index, scope))
                if linked is not None and (linked.values or linked.entry_id or linked.id_keys):
                    return linked
        return None

    def _links(self, record: _Open) -> dict[str, tuple[Key, ...]]:
        return {
            name: self._keys(linked)
            for name, _index, _depth in record.kind.links
            if (linked := self._linked(record, name)) is not None
        }


def _head_code(text: str) -> str:
    answer: str = CONVERSIONS["code"](text, "MW")
    return answer


_HEAD: Final[dict[str, Callable[[str], Any]]] = {
    "area_code": lambda text: CONVERSIONS["area"](text, ""),
    "observed_at": instant_of,
    "loc": lambda text: CONVERSIONS["point"](text, ""),
    "met_whom": _head_code,
    "instance_id": lambda text: text[:249],
    "instance_name": lambda text: text[:250],
}

"""Compile a form's `saveto` columns and ledgers sheet into the mapping that extraction follows (fold.md, From instance to contribution).

The form's `bind::ruhu:saveto` names a column for each answer; its `ledgers` sheet names
each kind of record, its keys and its links. Every contradiction is a fault with sheet, row and
remedy; all faults are reported together.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from server.core.codes import code_lists
from server.forms.problems import Fault, FaultyWorkbook
from server.forms.xform import Node, XForm
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.definitions.targets import (
    FITTING,
    NO,
    RECORDS,
    XLSFORM_TYPES,
    YES,
    NoTarget,
    Target,
    links_of,
    target,
)
from server.ledgers.intake.combinations import is_too_deep
from server.ledgers.intake.declared import declarations

if TYPE_CHECKING:  # reading a mapping needs no spreadsheets; they take a third of a second to load
    from server.forms.sheets import Row
    from server.forms.workbook import Workbook


def compile_mapping(workbook: Workbook, form: XForm) -> dict[str, Any]:
    """The mapping of a form, JSON-plain. Raises FaultyWorkbook with all faults.

    A form that names no ledger has an empty mapping: its submissions are kept and shown,
    and change no ledger.
    """
    return _Compiler(workbook, form).compile()


def question_paths(mapping: dict[str, Any], ledger: str, column: str) -> list[str]:
    """The questions that save to a ledger's column, as paths without indexes of repeats."""
    return [
        path
        for path, targets in mapping["questions"].items()
        if any(
            name == column and mapping["records"][index]["ledger"] == ledger
            for index, name, _conversion, _list in targets
        )
    ]


@dataclass(slots=True)
class _Kind:
    """A record kind: one row of the ledgers sheet."""

    ledger: str
    at: str
    repeats: tuple[str, ...]
    row: Row
    keys: list[str]
    links: dict[str, int] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)  # columns some question gives


class _Compiler:
    """Compiles one form, collecting faults on the way."""

    def __init__(self, workbook: Workbook, form: XForm) -> None:
        self.workbook, self.form = workbook, form
        self.root = f"/{form.root}"
        self.faults: list[Fault] = []
        self.kinds: list[_Kind] = []
        self.head: dict[str, str] = {}
        self.questions: dict[str, list[list[Any]]] = {}

    def compile(self) -> dict[str, Any]:
        for row in self.workbook.ledgers:
            self._add_kind(row)
        for node in self.form.nodes:
            for word in node.saveto.split():
                if node.kind == "question":
                    self._add_question(node, word)
                else:
                    self._check_section(node, word)
        declared = declarations(self.workbook, self.form, self.faults)
        for kind in self.kinds:
            self._add_links(kind)
        for kind in self.kinds:
            self._check_keys(kind)
            self._check_declared(kind)
        if self.faults:
            raise FaultyWorkbook(self.faults)
        mapping = {
            "format": 1,
            "root": self.form.root,
            "head": self.head,
            "repeats": sorted({path for kind in self.kinds for path in kind.repeats}),
            "records": [
                {
                    "ledger": kind.ledger,
                    "at": kind.at,
                    "repeat": kind.at in kind.repeats,
                    "keys": kind.keys,
                    "links": kind.links,
                }
                for kind in self.kinds
            ],
            "questions": self.questions,
            **declared,
        }
        plain = json.dumps(mapping, sort_keys=True, ensure_ascii=False).encode()
        return {**mapping, "digest": hashlib.sha256(plain).hexdigest()}

    def _fault(self, row: Row | None, fault: str, remedy: str, sheet: str = "survey") -> None:
        place = (row.sheet, row.number) if row else (sheet, None)
        self.faults.append(Fault(fault, remedy, *place))

    # --- the ledgers sheet ---

    def _add_kind(self, row: Row) -> None:
        ledger, at = row["ledger"], row["at"]
        if ledger not in RECORDS:
            self._fault(
                row,
                _("There is no ledger “{name}”.").format(name=ledger),
                _("Use one of: {names}.").format(names=", ".join(RECORDS)),
            )
            return
        path, repeats = self._section(row, at)
        if path is None:
            return
        if any(kind.ledger == ledger and kind.at == path for kind in self.kinds):
            self._fault(
                row,
                _("The ledger “{name}” stands twice for the same place.").format(name=ledger),
                _("Remove one of the two rows."),
            )
            return
        self.kinds.append(_Kind(ledger, path, repeats, row, row["key"].split()))

    def _section(self, row: Row, at: str) -> tuple[str | None, tuple[str, ...]]:
        """The path of the group or repeat a row names, and the repeats it stands in."""
        if at in ("", self.root):
            return self.root, ()
        sections = [
            node
            for node in self.form.nodes
            if node.kind != "question" and at in (node.name, node.path)
        ]
        if len(sections) == 1:
            return sections[0].path, sections[0].repeats
        names = sorted(node.name for node in self.form.nodes if node.kind != "question")
        if sections:
            self._fault(
                row,
                _("Several groups are named “{name}”.").format(name=at),
                _("Write the whole path: {paths}.").format(
                    paths=", ".join(node.path for node in sections)
                ),
            )
        else:
            self._fault(
                row,
                _("The form has no group or repeat “{name}”.").format(name=at),
                _("Leave “at” empty for the whole form, or use one of: {names}.").format(
                    names=", ".join(names)
                ),
            )
        return None, ()

    def _check_section(self, node: Node, word: str) -> None:
        """Check that the ledgers sheet has a row for each ledger that a group or repeat names."""
        row = self.workbook.row_of(node.path)
        if word not in RECORDS:
            self._fault(
                row,
                _("“{word}” is no ledger; a group or repeat names a ledger alone.").format(
                    word=word
                ),
                _("Use one of: {names}.").format(names=", ".join(RECORDS)),
            )
        elif not any(kind.ledger == word and kind.at == node.path for kind in self.kinds):
            self._fault(
                row,
                _("The records of “{name}” have no key for the ledger “{ledger}”.").format(
                    name=node.name, ledger=word
                ),
                _("Add a row to the ledgers sheet: ledger {ledger}, at {name}, and a key.").format(
                    name=node.name, ledger=word
                ),
            )

    def _check_declared(self, kind: _Kind) -> None:
        """Check that a row of the ledgers sheet and the saveto of its group or repeat name the same ledger."""
        node = next((node for node in self.form.nodes if node.path == kind.at), None)
        if node is not None and kind.ledger not in node.saveto.split():
            self._fault(
                self.workbook.row_of(kind.at),
                _(
                    "The ledgers sheet makes “{name}” a record of “{ledger}”, the survey does not."
                ).format(name=node.name, ledger=kind.ledger),
                _("Write {ledger} in its bind::ruhu:saveto.").format(ledger=kind.ledger),
            )

    def _add_links(self, kind: _Kind) -> None:
        allowed = links_of(kind.ledger)
        for word in kind.row["link"].split():
            name, _equals, wanted = word.partition("=")
            to = allowed.get(name)
            if to is None or (wanted and wanted != to):
                self._fault(
                    kind.row,
                    _("“{word}” is no link of the ledger “{ledger}”.").format(
                        word=word, ledger=kind.ledger
                    ),
                    _("Use one of: {names}.").format(
                        names=", ".join(f"{a}={b}" for a, b in allowed.items()) or "—"
                    ),
                )
                continue
            index = self._nearest(kind, to)
            if index is None:
                self._fault(
                    kind.row,
                    _("No single record of “{ledger}” surrounds or stands beside this one.").format(
                        ledger=to
                    ),
                    _(
                        "Add a row for the ledger {ledger} outside the repeat, or remove the link."
                    ).format(ledger=to),
                )
            else:
                kind.links[name] = index

    def _nearest(self, kind: _Kind, ledger: str) -> int | None:
        """The record kind of a ledger that has exactly one record for each of this kind's."""
        fitting = [
            (len(other.repeats), len(other.at), index)
            for index, other in enumerate(self.kinds)
            if other.ledger == ledger
            and other is not kind
            and kind.repeats[: len(other.repeats)] == other.repeats
        ]
        return max(fitting)[2] if fitting else None

    def _check_keys(self, kind: _Kind) -> None:
        if not kind.keys:
            self._fault(
                kind.row,
                _("The records of “{ledger}” have no key.").format(ledger=kind.ledger),
                _("Fill in “key”: {names}.").format(names=", ".join(self._possible_keys(kind))),
            )
        for key in kind.keys:
            reason = self._why_no_key(kind, key)
            if reason:
                self._fault(
                    kind.row,
                    _("The key “{key}” cannot be used: {reason}.").format(key=key, reason=reason),
                    _("Possible keys here: {names}.").format(
                        names=", ".join(self._possible_keys(kind))
                    ),
                )

    def _possible_keys(self, kind: _Kind) -> list[str]:
        strong = sorted(DEFINITIONS[kind.ledger].strong_keys)
        combined = DEFINITIONS[kind.ledger].keys or ("link+column",)
        return ["id", *strong, *(() if kind.repeats else ("instance",)), *combined]

    def _why_no_key(self, kind: _Kind, key: str) -> str:
        if key == "instance":
            return _("records of a repeat would all be the same one") if kind.repeats else ""
        if key == "id" or key in DEFINITIONS[kind.ledger].strong_keys:
            if key in kind.filled:
                return ""
            return _("no question saves to {ledger}.{column}").format(
                ledger=kind.ledger, column=key
            )
        if "+" not in key:
            return _("it is neither id, instance, a strong key nor a combination")
        first, *others = key.split("+")
        if first not in kind.links:
            return _("the row has no link “{name}”").format(name=first)
        if is_too_deep(key, kind, self.kinds):
            return _("the linked record is known by a combination of combinations")
        for name in others:
            if name in links_of(kind.ledger) and name not in kind.links:
                return _("the row has no link “{name}”").format(name=name)
            if name not in kind.links and name not in kind.filled:
                unsaid = _("no question saves to {ledger}.{column}")
                return unsaid.format(ledger=kind.ledger, column=name)
        return ""

    # --- the survey sheet ---

    def _add_question(self, node: Node, word: str) -> None:
        row = self.workbook.row_of(node.path)
        ledger, _dot, column = word.partition(".")
        try:
            goal = target(ledger, column)
        except NoTarget as error:
            close = difflib.get_close_matches(column, error.choices, 3) or error.choices
            self._fault(
                row,
                _("“{word}” cannot be saved to: {reason}.").format(word=word, reason=error),
                _("Use one of: {names}.").format(names=", ".join(close)),
            )
            return
        if not self._fits(node, word, goal, row):
            return
        if goal.ledger == "head":
            self._add_head(node, goal, row)
            return
        index = self._enclosing(node, goal.ledger)
        if index is None:
            self._fault(
                row,
                _("“{word}” stands in no record of the ledger “{ledger}”.").format(
                    word=word, ledger=goal.ledger
                ),
                _("Add a row for {ledger} to the ledgers sheet, or move the question.").format(
                    ledger=goal.ledger
                ),
            )
        elif node.repeats != self.kinds[index].repeats:
            self._fault(
                row,
                _("“{word}” is asked several times for one record of “{ledger}”.").format(
                    word=word, ledger=goal.ledger
                ),
                _("Move the question out of the repeat, or make the repeat a record of its own."),
            )
        else:
            self.kinds[index].filled.add(goal.name)
            self.questions.setdefault(node.path, []).append(
                [index, goal.name, goal.conversion, goal.list]
            )

    def _add_head(self, node: Node, goal: Target, row: Row | None) -> None:
        if node.repeats:
            self._fault(
                row,
                _("“head.{name}” speaks of the whole form but stands in a repeat.").format(
                    name=goal.name
                ),
                _("Move the question out of the repeat."),
            )
        elif goal.name in self.head:
            self._fault(
                row,
                _("“head.{name}” is given twice.").format(name=goal.name),
                _("Leave it on one question; combine several by a calculate."),
            )
        else:
            self.head[goal.name] = node.path

    def _enclosing(self, node: Node, ledger: str) -> int | None:
        around = [
            (len(kind.at), index)
            for index, kind in enumerate(self.kinds)
            if kind.ledger == ledger and f"{node.path}/".startswith(f"{kind.at}/")
        ]
        return max(around)[1] if around else None

    def _fits(self, node: Node, word: str, goal: Target, row: Row | None) -> bool:
        """Whether answers of the question's type, and its choices, can be values of the column."""
        if node.type not in FITTING[goal.conversion]:
            fitting = sorted(XLSFORM_TYPES.get(name, name) for name in FITTING[goal.conversion])
            self._fault(
                row,
                _("A question of type “{type}” cannot fill “{word}”.").format(
                    type=XLSFORM_TYPES.get(node.type, node.type), word=word
                ),
                _("Use one of these types: {names}.").format(names=", ".join(fitting)),
            )
            return False
        if node.type not in ("select_one", "select_multiple"):
            return True
        if goal.conversion in ("code", "codes", "boolean"):
            return self._choices_fit(node, word, goal, row)
        return True

    def _choices_fit(self, node: Node, word: str, goal: Target, row: Row | None) -> bool:
        choices = self.form.choices.get(node.list)
        if choices is None:
            self._fault(
                row,
                _("The choices of “{word}” come from a file and cannot be checked.").format(
                    word=word
                ),
                _("Use a list of the choices sheet, or save a calculate instead."),
            )
            return False
        if goal.conversion == "boolean":
            allowed, name = set(YES | NO), "YN"
        else:
            allowed, name = set(code_lists()[goal.list].codes), goal.list
        wrong = [value for value in choices if value not in allowed]
        if wrong:
            at_choice = self.workbook.choice_row(node.list, wrong[0])
            self._fault(
                at_choice or row,
                _(
                    "“{values}” of the list “{choices}” are no codes of {list}, which “{word}” needs."
                ).format(values=" ".join(wrong[:5]), choices=node.list, list=name, word=word),
                _("Use the codes of the list {list} (./ruhu codes writes them).").format(list=name),
            )
        return not wrong


__all__ = ["compile_mapping", "question_paths"]

"""Which first answers a form gets that is started for somebody: pure, from the XForm alone (decision 0357)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from server.core import xml

_XFORMS: Final = "{http://www.w3.org/2002/xforms}"
_SAVETO: Final = "{urn:ruhu:xforms}saveto"
_LIST: Final = re.compile(r"\s*instance\('([^']+)'\)/root/item\b(.*)", re.DOTALL)
_FIELD: Final = re.compile(r"\[\s*([\w.-]+)\s*=\s*(/[\w./-]+)\s*\]")
_EQUALS: Final = re.compile(r"(/[\w./-]+)\s*=\s*'([^']*)'")
_FILLED: Final = re.compile(r"(/[\w./-]+)\s*!=\s*''")

Answers = dict[str, str]
"""Path of a question → its answer, in the order in which they are to be given."""


def first_answers(
    xform: bytes,
    *,
    chosen: Mapping[str, str],
    typed: Mapping[str, str],
    codes: Mapping[str, str] | None = None,
) -> Answers:
    """The answers that choose these entries, and hold these values.

    `chosen` is entity list → the entry's uuid; `typed` is the column that a question saves to
    (`person.id_no`) → its value; `codes` is code list → the code that questions with its choices get. A question that is relevant only after another has a certain
    answer brings that answer along, unless an earlier one has asked for another. Questions in
    repeats are left out: nobody knows which repetition is meant.
    """
    root, codes = xml.parse(xform), codes or {}
    binds = {bind.get("nodeset", ""): bind for bind in root.iter(f"{_XFORMS}bind")}
    repeats = tuple(f"{r.get('nodeset', '')}/" for r in root.iter(f"{_XFORMS}repeat"))
    relevant = {path: bind.get("relevant", "") for path, bind in binds.items()}
    given: Answers = {}
    for path, name, rest in _selects(root):
        if name in codes and not path.startswith(repeats):
            _give(given, path, codes[name], relevant)
        if name in chosen and not path.startswith(repeats) and _can_choose(rest, given):
            _give(given, path, chosen[name], relevant)
    for path, bind in binds.items():
        value = typed.get(bind.get(_SAVETO, ""))
        if value and bind.get("calculate") is None and not path.startswith(repeats):
            _give(given, path, value, relevant)
    return given


def _selects(root: etree._Element) -> Iterator[tuple[str, str, str]]:
    """Each question that chooses one entry of a list: its path, the list, the filter of its choices."""
    for control in root.iter(f"{_XFORMS}select1"):
        for itemset in control.iter(f"{_XFORMS}itemset"):
            if match := _LIST.match(itemset.get("nodeset", "")):
                yield control.get("ref", ""), match[1], match[2]


def _can_choose(rest: str, given: Answers) -> bool:
    """Whether the entry can be among the choices: not where another entry that is not chosen narrows them."""
    match = _FIELD.search(rest)
    return match is None or match[1] != "household" or match[2] in given


def _give(given: Answers, path: str, value: str, relevant: Mapping[str, str]) -> None:
    """Add the answer with those on which its relevance depends; nothing if these contradict what is given."""
    needed: Answers = {}
    for ancestor in _ancestors(path):
        condition = relevant.get(ancestor, "").partition(" or ")[0]
        needed |= dict(_EQUALS.findall(condition))
        if any(name not in given for name in _FILLED.findall(condition)):
            return
    if all(given.get(name, answer) == answer for name, answer in needed.items()):
        for name, answer in (needed | {path: value}).items():
            given.setdefault(name, answer)


def _ancestors(path: str) -> list[str]:
    """The path and its groups, the outermost first."""
    steps = path.split("/")
    return ["/".join(steps[:end]) for end in range(2, len(steps) + 1)]

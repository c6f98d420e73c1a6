"""Code lists (代码表), read from codes.csv beside this file, their only source.

`./ruhu codes` writes them into the choices sheets of xlsforms/. restricted_codes.csv
declares which codes are restricted, whatever column or question holds them (security.md,
Restricted facts); its column `shown_as` names the code of the same list that others see.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from server.core.labels import Label

_FILE = Path(__file__).with_name("codes.csv")
_RESTRICTED = Path(__file__).with_name("restricted_codes.csv")


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list and its codes, each with its label."""

    name: str
    label: Label
    codes: dict[str, Label]
    restricted: dict[str, str] = field(default_factory=dict)
    """Restricted code → the code that readers without the restricted role see instead; "" for none."""


@lru_cache(maxsize=1)
def code_lists() -> dict[str, CodeList]:
    """All lists by name, each with its codes in the order of the file."""
    lists: dict[str, CodeList] = {}
    with _FILE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            code_list = lists.setdefault(
                row["list"], CodeList(row["list"], Label(row["list_zh"], row["list_en"]), {})
            )
            code_list.codes[row["code"]] = Label(row["zh"], row["en"])
    with _RESTRICTED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lists[row["list"]].restricted[row["code"]] = row["shown_as"]
    return lists


def restricted_codes(list_name: str) -> Mapping[str, str]:
    """The restricted codes of a list, each with the code shown instead; none when there is no such list."""
    code_list = code_lists().get(list_name)
    return code_list.restricted if code_list else {}


def label_of(list_name: str, code: str) -> str:
    """A code's label in the active language; the code itself when it is not in the list."""
    code_list = code_lists().get(list_name)
    label = code_list.codes.get(code) if code_list else None
    return str(label) if label else code

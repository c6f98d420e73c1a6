"""Code lists (代码表): the one place they come from is codes.csv beside this file.

`./ruhu codes` writes them into the choices sheets of xlsforms/.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from server.core.labels import Label

_FILE = Path(__file__).with_name("codes.csv")


@dataclass(frozen=True, slots=True)
class CodeList:
    name: str
    label: Label
    codes: dict[str, Label]


@lru_cache(maxsize=1)
def code_lists() -> dict[str, CodeList]:
    """All lists by name, each with its codes in the order of the file."""
    lists: dict[str, CodeList] = {}
    with _FILE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found = lists.setdefault(
                row["list"], CodeList(row["list"], Label(row["list_zh"], row["list_en"]), {})
            )
            found.codes[row["code"]] = Label(row["zh"], row["en"])
    return lists


def label_of(list_name: str, code: str) -> str:
    """A code's label in the active language; the code itself when the list does not know it."""
    found = code_lists().get(list_name)
    label = found.codes.get(code) if found else None
    return str(label) if label else code

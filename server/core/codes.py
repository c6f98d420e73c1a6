"""Code lists (代码表), read from codes.csv beside this file, their only source.

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
    """A code list and its codes, each with its label."""

    name: str
    label: Label
    codes: dict[str, Label]


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
    return lists


def label_of(list_name: str, code: str) -> str:
    """A code's label in the active language; the code itself when it is not in the list."""
    code_list = code_lists().get(list_name)
    label = code_list.codes.get(code) if code_list else None
    return str(label) if label else code

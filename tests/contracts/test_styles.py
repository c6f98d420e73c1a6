"""The console's style sheets: colours and lengths only as tokens, everything in a layer, nothing too new for old browsers."""

from __future__ import annotations

import re

import pytest

from server.config.settings import BASE_DIR

SHEETS = BASE_DIR / "server/console/static/console"
TOKENS, ENTRY = SHEETS / "tokens.css", SHEETS / "console.css"
OTHERS = sorted(path for path in SHEETS.rglob("*.css") if path not in (TOKENS, ENTRY))
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\("
    r"|(?<![-\w])(?:white|black|red|green|blue|gr[ae]y|orange|yellow|silver)(?![-\w])",
    re.IGNORECASE,
)
LENGTH = re.compile(r"(?<![-\w])\d*\.?\d+(?:px|r?em|ch|ex|pt|pc|mm|cm|in)\b", re.IGNORECASE)
TOO_NEW = re.compile(
    r"&|color-mix\(|light-dark\(|subgrid|@scope|@starting-style|popover|field-sizing|text-wrap"
    r"|anchor-name|animation-timeline|\b(?:oklch|lab|lch)\(|view-transition"
)
"""Younger than Chrome 109, Firefox ESR or Safari 16 (decision 0360)."""
BREAKPOINTS = {"720px", "900px", "1100px"}


def faults(text: str) -> list[str]:
    """The literal colours and lengths of a sheet, and widths of media queries other than BREAKPOINTS."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    conditions = re.findall(r"@media[^{]*", text)
    widths = [width for rule in conditions for width in LENGTH.findall(rule)]
    rest = re.sub(r"@media[^{]*", "", text)
    values = re.findall(r"(?<=:)[^:;{}]+(?=[;}])", rest)
    literal = [match for value in values for match in COLOUR.findall(value) + LENGTH.findall(value)]
    return literal + [width for width in widths if width not in BREAKPOINTS]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a { color: #fff; }", "#fff"),
        ("a { border: 1px solid }", "1px"),
        ("a { color: white; }", "white"),
        ("@media (max-width: 700px) { a { margin: 0 } }", "700px"),
        ("a { background: rgb(0 0 0); }", "rgb("),
    ],
)
def test_a_literal_is_named(text, fault):
    assert faults(text) == [fault]


@pytest.mark.parametrize("sheet", OTHERS, ids=lambda path: path.name)
def test_a_sheet_names_tokens(sheet):
    text = sheet.read_text()
    assert faults(text) == []
    assert not TOO_NEW.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    layer = {"components": "components", "pages": "pages"}.get(sheet.parent.name, sheet.stem)
    assert re.search(rf"^@layer {layer} {{$", text, re.MULTILINE), "all rules stand in its layer"
    known = set(re.findall(r"(--[\w-]+):", TOKENS.read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= known


def test_the_entry_imports_each_sheet():
    imported = re.findall(r'@import url\("([^"]+)"\)', ENTRY.read_text())
    assert {SHEETS / name for name in imported} == {TOKENS, *OTHERS}
    assert imported[0] == "tokens.css", "it orders the layers"


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [":root {", ":root[data-theme=dark] {"])
@pytest.mark.parametrize(
    ("front", "behind", "least"),
    [
        ("border-control", "surface", 3),
        ("border-control", "ground", 3),
        ("focus", "surface", 3),
        ("text", "surface", 4.5),
        ("text-soft", "surface-head", 4.5),
        ("text-soft", "ground", 4.5),
        ("brand", "surface", 4.5),
        ("brand-dark", "brand-pale", 4.5),
        ("good", "good-pale", 4.5),
        ("warn", "warn-pale", 4.5),
        ("bad", "bad-pale", 4.5),
        ("bad-text", "bad-pale", 4.5),
    ],
)
def test_what_is_read_stands_out(theme, front, behind, least):
    block = TOKENS.read_text().split(theme, 1)[1].split("}", 1)[0]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))
    assert _contrast(colours[front], colours[behind]) >= least

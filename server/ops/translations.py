"""The catalogue of translations (django.po) and how it is brought in step with the sources.

The file keeps the order of its entries. A new entry is put behind the entry that precedes it in
the sources, with an empty translation; entries that the sources no longer use are removed.
Nothing is guessed from similar entries, and the header stays as it is. Entries carry flags but
no places, and no line is wrapped, so that a diff shows exactly what has changed.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils.translation import templatize

_KEYWORDS = (
    "gettext_noop", "gettext_lazy", "ngettext_lazy:1,2", "pgettext:1c,2", "npgettext:1c,2,3",
    "pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3",
)  # fmt: skip
"""Django's functions that xgettext does not know by itself, as in makemessages."""
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class GettextFailed(Exception):
    """A program of GNU gettext failed; the text is its output."""


@dataclass(frozen=True)
class Entry:
    """One entry of a catalogue. Texts are kept as they stand between the quotes, with their escapes."""

    original: str
    context: str | None = None
    plural: str | None = None
    flags: tuple[str, ...] = ()
    translations: tuple[str, ...] = ()
    comments: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> tuple[str | None, str]:
        """What makes an entry distinct: context and original."""
        return self.context, self.original

    @property
    def is_translated(self) -> bool:
        return bool(self.translations) and all(self.translations) and "fuzzy" not in self.flags

    def lines(self) -> Iterator[str]:
        """The entry as lines of a catalogue."""
        yield from self.comments
        if self.flags:
            yield f"#, {', '.join(self.flags)}"
        if self.context is not None:
            yield f'msgctxt "{self.context}"'
        yield f'msgid "{self.original}"'
        if self.plural is None:
            yield f'msgstr "{"".join(self.translations)}"'
            return
        yield f'msgid_plural "{self.plural}"'
        for number, translation in enumerate(self.translations):
            yield f'msgstr[{number}] "{translation}"'


@dataclass(frozen=True)
class Catalogue:
    """A catalogue: its header as text, and its entries in order."""

    header: str
    entries: tuple[Entry, ...]

    @property
    def plural_forms(self) -> int:
        """How many plural forms the language has, as the header says; 2 when it does not say."""
        match = re.search(r"nplurals=(\d+)", self.header)
        return int(match[1]) if match else 2

    def text(self) -> str:
        """The whole file."""
        return "\n".join(
            [self.header, *("\n".join([*entry.lines(), ""]) for entry in self.entries)]
        )

    def missing(self) -> list[str]:
        """The originals that have no translation, or only a guessed one."""
        return [entry.original for entry in self.entries if not entry.is_translated]


def parsed(text: str) -> Catalogue:
    """The catalogue in a .po or .pot file. Its first entry must be the header."""
    header, *blocks = re.split(r"\n{2,}", text.strip() + "\n")
    return Catalogue(
        f"{header.rstrip()}\n",
        tuple(_entry(block) for block in blocks if re.search(r"^msgid ", block, re.M)),
    )


def _entry(block: str) -> Entry:
    """One entry from its lines; obsolete lines (#~) and places (#:) are dropped."""
    flags: list[str] = []
    comments: list[str] = []
    texts: dict[str, str] = {}
    keyword = ""
    for line in block.splitlines():
        if line.startswith("#,"):
            flags += [flag.strip() for flag in line[2:].split(",")]
        elif line.startswith(("# ", "#.")):
            comments.append(line)
        elif not line.startswith("#"):
            if not line.startswith('"'):
                keyword = line.split(maxsplit=1)[0]
                texts[keyword] = ""
            texts[keyword] += "".join(_STRING.findall(line.removeprefix(keyword)))
    return Entry(
        original=texts["msgid"],
        context=texts.get("msgctxt"),
        plural=texts.get("msgid_plural"),
        flags=tuple(flags),
        translations=tuple(text for name, text in texts.items() if name.startswith("msgstr")),
        comments=tuple(comments),
    )


def merged(catalogue: Catalogue, extracted: Iterable[Entry]) -> Catalogue:
    """The catalogue with exactly the extracted entries: present ones in their order, new ones inserted."""
    wanted = {entry.key: entry for entry in extracted}
    kept = {
        entry.key: _updated(entry, wanted[entry.key], catalogue.plural_forms)
        for entry in catalogue.entries
        if entry.key in wanted
    }
    order = list(kept)
    previous = None
    for key, entry in wanted.items():
        if key not in kept:
            kept[key] = replace(entry, translations=_empty(entry, catalogue.plural_forms))
            order.insert(order.index(previous) + 1 if previous else 0, key)
        previous = key
    return Catalogue(catalogue.header, tuple(kept[key] for key in order))


def _updated(present: Entry, extracted: Entry, plural_forms: int) -> Entry:
    """The present entry with the flags and the plural of the sources; a changed plural empties it."""
    flags = extracted.flags + (("fuzzy",) if "fuzzy" in present.flags else ())
    if present.plural != extracted.plural:
        return replace(extracted, translations=_empty(extracted, plural_forms))
    return replace(
        extracted, flags=flags, translations=present.translations, comments=present.comments
    )


def _empty(entry: Entry, plural_forms: int) -> tuple[str, ...]:
    return ("",) * (plural_forms if entry.plural is not None else 1)


def extracted(server: Path) -> tuple[Entry, ...]:
    """The entries that modules and templates below `server` use, in order of files and lines.

    Raises GettextFailed.
    """
    sources = sorted(
        path
        for path in server.rglob("*")
        if path.suffix in (".py", ".html", ".txt")
        and not any(part.startswith(".") for part in path.relative_to(server).parts)
    )
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for path in sources:
            name = path.relative_to(server).as_posix()
            if path.suffix != ".py":
                # xgettext reads templates as Python, which templatize turns them into.
                as_python = Path(folder, f"{name}.py")
                as_python.parent.mkdir(parents=True, exist_ok=True)
                as_python.write_text(
                    templatize(path.read_text(encoding="utf-8"), origin=str(path)), encoding="utf-8"
                )
                name = f"{name}.py"
            names.append(name)
        listing = Path(folder, "files")
        listing.write_text("\n".join(names), encoding="utf-8")
        template = run(
            "xgettext", "--language=Python", "--from-code=UTF-8", "--no-wrap", "--no-location",
            *(f"--keyword={keyword}" for keyword in _KEYWORDS), "--output=-",
            f"--directory={server}", f"--directory={folder}", f"--files-from={listing}",
        )  # fmt: skip
    return parsed(template).entries if template else ()


def compile_catalogue(catalogue: Path) -> None:
    """Write the .mo file beside a .po file. Raises GettextFailed when placeholders do not agree."""
    run("msgfmt", "--check", "-o", str(catalogue.with_suffix(".mo")), str(catalogue))


def run(*command: str) -> str:
    """Run a program of GNU gettext and return its output. Raises GettextFailed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise GettextFailed(f"{command[0]}: install gettext") from None
    if done.returncode:
        raise GettextFailed(done.stderr.strip())
    return done.stdout

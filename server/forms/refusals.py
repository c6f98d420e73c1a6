"""Says in the reader's language what pyxform and ODK Validate refuse in a form, and what to do about it.

Both give an English sentence. Those that are common are known here by their pattern; another one
is quoted, with the row it is about. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pyxform.errors import ErrorCode
from pyxform.parsing.expression import is_xml_tag

from server.forms.problems import Fault

_ROW: Final = re.compile(r"\[row : (\d+)\]\s*")
_SHEET: Final = re.compile(
    r"[Oo]n the '(survey|choices|settings|entities|external_choices)' sheet,?\s*"
)
_IN_SHEET: Final = re.compile(r"sheet: '(survey|choices|settings|entities|external_choices)'")
_DETAILS: Final = re.compile(r"\n[{(].*", re.DOTALL)  # pyxform appends the row as Python writes it
is_name: Final[Callable[[str], bool]] = is_xml_tag


class _Sentence(NamedTuple):
    pattern: re.Pattern[str]
    fault: str
    remedy: str


def _coded(code: ErrorCode, fault: str, remedy: str) -> _Sentence:
    """A sentence of pyxform's catalogue; its fields become groups of the pattern."""
    template = re.split(r"\{(\w+)\}", code.value.msg.replace("{{", "\0").replace("}}", "\1"))
    pattern, named = "", set()
    for number, text in enumerate(template):
        if number % 2 == 0:
            pattern += re.escape(text.replace("\0", "{").replace("\1", "}"))
        elif text in named or text == "row":
            pattern += r".*?"
        else:
            named.add(text)
            pattern += rf"(?P<{text}>.*?)"
    return _Sentence(re.compile(pattern, re.DOTALL), fault, remedy)


def _plain(pattern: str, fault: str, remedy: str) -> _Sentence:
    return _Sentence(re.compile(pattern), fault, remedy)


UNREADABLE: Final = "unreadable XML: "
"""Begins the message about a form that pyxform wrote and nobody can read."""

_SENTENCES: Final = (
    _plain(
        rf"^{UNREADABLE}201$",
        gettext_noop("A column of this row has a prefix that is not declared, as in “bind::ruhu:saveto”."),
        gettext_noop("Declare it in “namespaces” on the settings sheet, for example ruhu=\"urn:ruhu:xforms\", or correct the column."),
    ),
    _plain(
        rf"^{UNREADABLE}",
        gettext_noop("The row has characters that no form can hold."),
        gettext_noop("Write its cells again by hand, without copying from other programs."),
    ),
    _plain(
        r"Unknown question type '(?P<type>[^']*)'",
        gettext_noop("There is no question type “{type}”."),
        gettext_noop("Write a type of XLSForm, for example text, integer, select_one LIST."),
    ),
    _plain(
        r"Question or group with no name",
        gettext_noop("The question or group has no name."),
        gettext_noop("Fill in the column “name”."),
    ),
    _plain(
        r"Question with no type",
        gettext_noop("The question has no type."),
        gettext_noop("Fill in the column “type”, or clear the row."),
    ),
    _plain(
        r"Missing calculation",
        gettext_noop("The calculate has no calculation."),
        gettext_noop("Fill in the column “calculation”."),
    ),
    _plain(
        r"List name not in (?P<sheet>external choices|choices|columns) sheet: (?P<list>.*)",
        gettext_noop("There is no choice list “{list}”."),
        gettext_noop("Add its choices with this list_name to the sheet “choices”, or correct the name in “type”."),
    ),
    _plain(
        r"Choice names with spaces cannot be added to multiple choice selects. See \[(?P<name>.*)\] in \[(?P<list>.*)\]",
        gettext_noop("The choice “{name}” of the list “{list}” has a space in its name, and a select_multiple separates choices by spaces."),
        gettext_noop("Write the name without spaces, for example with “_”."),
    ),
    _coded(
        ErrorCode.NAMES_001,
        gettext_noop("The name “{value}” stands twice in the same group or repeat."),
        gettext_noop("Give one of the two another name."),
    ),
    _coded(
        ErrorCode.NAMES_003,
        gettext_noop("A repeat cannot be called “{value}”: the form itself is called so."),
        gettext_noop("Give the repeat another name."),
    ),
    _coded(
        ErrorCode.NAMES_004,
        gettext_noop("Two repeats are called “{value}”."),
        gettext_noop("Give one of the two another name; names of repeats must be unique in the form."),
    ),
    _coded(
        ErrorCode.NAMES_005,
        gettext_noop("Nothing can be called “meta”: that is the place of the form's own data."),
        gettext_noop("Give it another name."),
    ),
    _coded(
        ErrorCode.NAMES_006,
        gettext_noop("The choice has no name."),
        gettext_noop("Fill in the column “name”."),
    ),
    _coded(
        ErrorCode.NAMES_007,
        gettext_noop("The name of the choice stands twice in its list."),
        gettext_noop("Give one of the two another name, or set allow_choice_duplicates to yes on the settings sheet."),
    ),
    _coded(
        ErrorCode.NAMES_008,
        gettext_noop("The “{column}” has characters that a name cannot have."),
        gettext_noop("Begin with a letter or “_”; then use letters, digits, “_”, “-” and “.”, and no spaces."),
    ),
    _coded(
        ErrorCode.PYREF_001,
        gettext_noop("A reference in the column “{column}” is incomplete."),
        gettext_noop("Write references as ${{name}}, with a brace at the end."),
    ),
    _coded(
        ErrorCode.PYREF_003,
        gettext_noop("The column “{column}” refers to “{q}”, and no question has this name."),
        gettext_noop("Correct the name in ${{…}}, or add the question."),
    ),
    _coded(
        ErrorCode.PYREF_004,
        gettext_noop("The column “{column}” refers to “{q}”, and several questions have this name."),
        gettext_noop("Give the questions different names."),
    ),
    _coded(
        ErrorCode.ENTITY_001,
        gettext_noop("save_to needs a sheet “entities”, and there is none."),
        gettext_noop("Add the sheet with a list_name, or clear the save_to."),
    ),
    _coded(
        ErrorCode.ENTITY_002,
        gettext_noop("The property “{saveto}” is filled by another row already."),
        gettext_noop("Leave it on one of the two questions."),
    ),
    _coded(
        ErrorCode.ENTITY_003,
        gettext_noop("A group or repeat cannot be saved as a property."),
        gettext_noop("Move the save_to to a question."),
    ),
    _coded(
        ErrorCode.ENTITY_005,
        gettext_noop("Entities of the list “{dataset}” are created without a label."),
        gettext_noop("Fill in the column “label” of the sheet “entities”, or entity_id if the form only updates."),
    ),
    _coded(
        ErrorCode.HEADER_002,
        gettext_noop("The columns “{other}” and “{header}” are two names of the same column."),
        gettext_noop("Remove one of the two."),
    ),
    _coded(
        ErrorCode.HEADER_003,
        gettext_noop("These columns are missing: {missing}."),
        gettext_noop("Write them into the first row."),
    ),
    _coded(
        ErrorCode.SURVEY_001,
        gettext_noop("Here a {type} ends that does not begin, or another one has not ended yet."),
        gettext_noop("Give each “begin” its “end”, in the reverse order."),
    ),
    _coded(
        ErrorCode.SURVEY_002,
        gettext_noop("The {type} that begins here does not end."),
        gettext_noop("Add a row “end {type}” below its last question."),
    ),
)  # fmt: skip
"""The sentences of pyxform. Their fields are pyxform's."""

_OF_VALIDATE: Final = (
    _plain(
        r"(?i)cycle|circular|depend",
        gettext_noop("The calculations and conditions of these questions depend on each other in a circle: {message}"),
        gettext_noop("Let none of them refer to a question that refers back."),
    ),
    _plain(
        r"(?i)cannot handle function '(?P<function>[\w:.-]+)|function[^'\"]*['\"](?P<other>[\w:.-]+)",
        gettext_noop("There is no function that is called so: {message}"),
        gettext_noop("Correct the name of the function; XLSForm's are listed at docs.getodk.org."),
    ),
    _plain(
        r"(?i)could not be parsed|parse|syntax|bad xpath|lexical|invalid xpath|xpath expression",
        gettext_noop("An expression cannot be read: {message}"),
        gettext_noop("Check its brackets, quotes, operators and names."),
    ),
)  # fmt: skip


def place(message: str) -> tuple[str, int | None]:
    """The sheet and the row that a message of pyxform names; "" and None where it names none."""
    row, sheet = _ROW.search(message), _SHEET.search(message) or _IN_SHEET.search(message)
    if sheet is None and row is not None:
        return "survey", int(row[1])
    if row is None and message.startswith("Invalid headers"):
        return (sheet[1] if sheet else "survey"), 1
    return (sheet[1] if sheet else ""), (int(row[1]) if row else None)


def fault(message: str, sheet: str, row: int | None) -> Fault:
    """What pyxform refuses at this place."""
    for sentence in _SENTENCES:
        match = sentence.pattern.search(message)
        if match:
            named = {name: text or "" for name, text in match.groupdict().items()}
            return Fault(
                _(sentence.fault).format(**named), _(sentence.remedy).format(**named), sheet, row
            )
    plain = " ".join(_SHEET.sub("", _ROW.sub("", _DETAILS.sub("", message))).split())
    if not plain or " " not in plain:
        return Fault(
            _("The form cannot be converted here ({reason}).").format(reason=plain),
            _("Compare the row with one of a form that works, column by column."),
            sheet,
            row,
        )
    return Fault(
        _("pyxform refuses this: {message}").format(message=plain[:1].upper() + plain[1:]),
        _("Correct it there and publish again."),
        sheet,
        row,
    )


def validate_fault(message: str, row: int | None) -> Fault:
    """What ODK Validate refuses in the row of the survey."""
    for sentence in _OF_VALIDATE:
        if sentence.pattern.search(message):
            return Fault(
                _(sentence.fault).format(message=message), _(sentence.remedy), "survey", row
            )
    return Fault(
        _("ODK Validate refuses the form: {message}").format(message=message),
        _("Correct the expression it names."),
        "survey",
        row,
    )

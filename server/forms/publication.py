"""Makes a form from a workbook without touching the database: converts it, checks it, compiles its mapping.

`prepare` does everything that can fail or takes time, so that the transaction that follows
(services.publish_workbook) only writes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from pyxform.errors import PyXFormError
from pyxform.xls2xform import ConvertResult, convert

from server.core.xml import BadXml
from server.forms import encryption, validation, xform
from server.forms import workbook as workbooks
from server.forms.entities import is_entity_list
from server.forms.entity_forms import entity_form
from server.forms.problems import Fault, FaultyWorkbook, MissingMedia
from server.forms.workbook import Workbook
from server.forms.xform import XForm

_ROW = re.compile(r"\[row : (\d+)\]\s*")
_SHEET = re.compile(r"[Oo]n the '(survey|choices|settings|entities)' sheet,?\s*")
_QUOTED = re.compile(r"'([^']+)'")
_SAVETO = re.compile(r"bind::(?!entities:)[^:]+:saveto")
_FORM_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")  # the colon for instants
_FILENAME = re.compile(r"[^/\\\x00-\x1f;]{1,200}")
ITEMSETS: Final = "itemsets.csv"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A form that is ready to be stored: everything FormVersion holds."""

    form: XForm
    document: bytes
    md5: str
    mapping: dict[str, Any]
    questions: dict[str, Any]
    warnings: list[str]
    entity_lists: tuple[str, ...]
    files: dict[str, bytes]


def prepare(
    *,
    content: bytes,
    filename: str,
    media: Mapping[str, bytes],
    validate: bool,
    is_draft: bool = False,
) -> Prepared:
    """Convert and check a workbook; for a draft, files may be missing. Changes nothing.

    Raises FaultyWorkbook, NotAWorkbook, WorkbookTooLarge, MissingMedia.
    """
    workbook = workbooks.read(content, filename)
    _check_settings(workbook)
    _check_savetos(workbook)
    converted = _convert(content, workbook)
    document = converted.xform.encode()
    form = _read(document)
    _check_form(form)
    _check_entities(document, workbook)
    mapping: dict[str, Any] = import_string(settings.AT_PUBLICATION)(workbook, form)
    generated = {ITEMSETS: converted.itemsets.encode()} if converted.itemsets else {}
    lists, files = _media(form, {**media, **generated}, generated, is_draft=is_draft)
    warnings = [str(warning).strip() for warning in converted.warnings]
    if validate:
        warnings += validation.validate(document, workbook)
    return Prepared(
        form=form,
        document=document,
        md5=hashlib.md5(document, usedforsecurity=False).hexdigest(),
        mapping=mapping,
        questions=form.as_questions(),
        warnings=warnings,
        entity_lists=lists,
        files=files,
    )


def encrypted(prepared: Prepared, public_key: bytes) -> Prepared:
    """The same form with the server's key: its bytes, hash and version change. Raises FaultyWorkbook."""
    form = prepared.form
    version = encryption.version_with(form.version, public_key)
    document = encryption.inject(
        prepared.document, root=form.root, public_key=public_key, version=version
    )
    form_with_key = _read(document)
    if (form_with_key.version, form_with_key.public_key) != (
        version,
        encryption.as_text(public_key),
    ):
        raise FaultyWorkbook(
            Fault(
                _("The form cannot carry a key."),
                _("Remove unusual elements from the settings sheet."),
                sheet="settings",
            )
        )
    return replace(
        prepared,
        form=form_with_key,
        document=document,
        md5=hashlib.md5(document, usedforsecurity=False).hexdigest(),
    )


def _check_settings(workbook: Workbook) -> None:
    """Refuse a form_id or version that cannot stand in an address, and a submission_url (openrosa.md, Form list and manifest)."""
    setting, faults = workbook.setting, []
    for name, pattern in (("form_id", _FORM_ID), ("version", _VERSION)):
        text = setting[name] or (setting["id_string"] if name == "form_id" else "")
        if not text:
            fault = _("There is no {name}.").format(name=name)
        elif not pattern.fullmatch(text):
            fault = _("The {name} “{text}” cannot stand in an address.").format(
                name=name, text=text
            )
        else:
            continue
        faults.append(
            Fault(
                fault,
                _("Use only letters A–Z, digits, “_”, “-” and “.”, at most 100."),
                sheet="settings",
                row=setting.number,
            )
        )
    if setting["submission_url"]:
        faults.append(
            Fault(
                _("The form names its own submission_url."),
                _("Remove it: each phone sends to the address it is configured with."),
                sheet="settings",
                row=setting.number,
            )
        )
    if faults:
        raise FaultyWorkbook(faults)


def _check_savetos(workbook: Workbook) -> None:
    """Refuse a row with both save_to and ruhu:saveto: pyxform would drop the second, and the ledger would get no value."""
    faults = [
        Fault(
            _("{name} is saved to a list and to a ledger; the ledger would never get it.").format(
                name=row["name"]
            ),
            _("Move the save_to to a calculate of its own, with the calculation {name}.").format(
                name=f"${{{row['name']}}}"
            ),
            sheet="survey",
            row=row.number,
        )
        for row in workbook.survey
        if row["save_to"] and any(_SAVETO.fullmatch(header) for header in row.cells)
    ]
    if faults:
        raise FaultyWorkbook(faults)


def _convert(content: bytes, workbook: Workbook) -> ConvertResult:
    try:
        return convert(xlsform=content, file_type=".xlsx", form_name="data", warnings=[])
    except PyXFormError as error:
        raise FaultyWorkbook(_translated(str(error), workbook)) from None
    except Exception as error:  # some broken forms make pyxform raise KeyError and the like
        raise FaultyWorkbook(
            Fault(
                _("The form cannot be converted ({reason}).").format(reason=type(error).__name__),
                _("Compare it with a form that works, sheet by sheet."),
                sheet="survey",
            )
        ) from None


def _translated(message: str, workbook: Workbook) -> Fault:
    """pyxform's message as a fault: sheet and row are taken out of it, and its “Please …” is the remedy."""
    row, sheet = _ROW.search(message), _SHEET.search(message)
    plain = " ".join(_SHEET.sub("", _ROW.sub("", message.partition("\n{")[0])).split())
    fault, please, remedy = plain.partition("Please ")
    if row is not None:
        number: int | None = int(row[1])
    else:
        number = None if sheet else _row_quoted(plain, workbook)
    return Fault(
        fault[:1].upper() + fault[1:].strip(),
        (please + remedy).strip() or _("Correct it there and publish again."),
        sheet=sheet[1] if sheet else "survey",
        row=number,
    )


def _row_quoted(message: str, workbook: Workbook) -> int | None:
    """The first survey row whose type or name the message quotes."""
    quoted = set(_QUOTED.findall(message))
    numbers = (row.number for row in workbook.survey if {row["name"], row["type"]} & quoted)
    return next(numbers, None)


def _read(document: bytes) -> XForm:
    try:
        return xform.read(document)
    except (BadXml, xform.BadXForm) as error:
        raise FaultyWorkbook(
            Fault(
                _("The converted form cannot be read ({reason}).").format(reason=error),
                _("Remove unusual characters from names and labels."),
                sheet="survey",
            )
        ) from None


def _check_form(form: XForm) -> None:
    if not form.has_instance_id:
        raise FaultyWorkbook(
            Fault(
                _("The form makes no instanceID, so a resend could not be told from a new record."),
                _("Remove “omit_instanceID” from the settings sheet."),
                sheet="settings",
                row=2,
            )
        )
    if form.public_key:
        try:
            encryption.read_public_key(form.public_key)
        except encryption.BadKey:
            raise FaultyWorkbook(
                Fault(
                    _("The public_key is no RSA public key that phones can read."),
                    _(
                        "Give the base64 text of an RSA key of at least 2048 bits on one line, without the BEGIN and END lines."
                    ),
                    sheet="settings",
                    row=2,
                )
            ) from None
    if not 0 < len(form.title) <= 250:
        raise FaultyWorkbook(
            Fault(
                _("There is no form_title, or it is too long."),
                _("Give the form a title of at most 250 characters."),
                sheet="settings",
                row=2,
            )
        )


def _check_entities(document: bytes, workbook: Workbook) -> None:
    """Refuse an unknown entity list: an entity created in it would exist on one phone only."""
    unknown = [name for name in entity_form(document).datasets if not is_entity_list(f"{name}.csv")]
    if unknown:
        rows = {row["list_name"] or row["dataset"]: row.number for row in workbook.entities}
        raise FaultyWorkbook(
            Fault(
                _("There is no entity list “{name}”.").format(name=name),
                _("Use one of: {names}.").format(names=", ".join(settings.ENTITY_LISTS)),
                sheet="entities",
                row=rows.get(name),
            )
            for name in unknown
        )


def _media(
    form: XForm, given: Mapping[str, bytes], generated: Mapping[str, bytes], *, is_draft: bool
) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """The entity lists and the files that the form names; other given files are ignored. Raises MissingMedia."""
    lists = tuple(name for name in form.files if is_entity_list(name))
    wanted = [name for name in form.files if name not in lists] + list(generated)
    missing = [name for name in wanted if name not in given]
    if missing and not is_draft:
        raise MissingMedia(form_id=form.form_id, filenames=", ".join(missing))
    if unusable := next((name for name in wanted if not _FILENAME.fullmatch(name)), None):
        raise FaultyWorkbook(
            Fault(
                _("The file name “{name}” cannot be used on phones.").format(name=unusable),
                _("Give the file a short plain name."),
                sheet="survey",
            )
        )
    return lists, {name: given[name] for name in wanted if name in given}

"""Makes a form from a workbook without touching the database: converts it, checks it, compiles its mapping.

`prepare` does everything that can fail or takes time, so that the transaction that follows
(services.publish_workbook) only writes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from server.core.xml import BadXml
from server.forms import conversion, encryption, entity_faults, given_xforms, validation, xform
from server.forms import workbook as workbooks
from server.forms.entities import is_entity_list, list_name
from server.forms.entity_forms import entity_form
from server.forms.problems import Fault, FaultyWorkbook, MissingMedia
from server.forms.sheets import Row
from server.forms.workbook import Workbook
from server.forms.xform import XForm

_SAVETO = re.compile(r"bind::(?!entities:)[^:]+:saveto")
_LONGEST_NAME: Final = 100
_NAME = re.compile(r"[\w(](?:[\w .,:()+@-]{0,98}[\w.)+-])?")  # letters of any script
_NO_VERSION: Final = "___"
"""What stands for an empty version in addresses."""
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
    has_workbook: bool  # else it was given as an XForm


def prepare(
    *,
    content: bytes,
    filename: str,
    media: Mapping[str, bytes],
    validate: bool,
    is_draft: bool = False,
    may_make_lists: bool = True,
) -> Prepared:
    """Convert and check a workbook, or check an XForm; for a draft, files may be missing. Changes nothing.

    Unless it `may_make_lists`, a form that names an unknown entity list is refused: the name may be misspelled.

    Raises FaultyWorkbook with all faults, NotAWorkbook, WorkbookTooLarge, NotAnXForm, XFormTooLarge, MissingMedia.
    """
    is_given = given_xforms.is_xform(content, filename)
    converted = _given(content, filename) if is_given else _converted(content, filename)
    form, document, workbook = converted.form, converted.document, converted.workbook
    faults = list(converted.faults)
    faults += entity_faults.property_faults(document, workbook)
    if not may_make_lists:
        faults += entity_faults.new_list_faults(document, workbook)
    mapping: dict[str, Any] = {}
    with collecting(faults):
        mapping = import_string(settings.AT_PUBLICATION)(workbook, form)
    faults += entity_faults.restricted_faults(document, workbook, mapping)
    remarks = [
        *workbook.remarks,
        *(entity_faults.list_remarks(document, workbook, mapping) if mapping else ()),
    ]
    warnings = [*remarks, *converted.warnings]
    if validate:
        with collecting(faults):
            warnings += validation.validate(document, workbook)
    if faults:
        raise FaultyWorkbook(_placed(faults) if is_given else faults)
    generated = converted.generated
    declared = entity_form(document).datasets
    lists, files = _media(form, {**media, **generated}, generated, declared, is_draft=is_draft)
    return Prepared(
        form=form,
        document=document,
        md5=hashlib.md5(document, usedforsecurity=False).hexdigest(),
        mapping=mapping,
        questions=form.as_questions(),
        warnings=warnings,
        entity_lists=lists,
        files=files,
        has_workbook=not is_given,
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """A form that was converted from its workbook, or given as an XForm, with the faults seen so far."""

    form: XForm
    document: bytes
    workbook: Workbook
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...] = ()
    generated: dict[str, bytes] = field(default_factory=dict)


def _converted(content: bytes, filename: str) -> _Form:
    """The form of a workbook. Raises FaultyWorkbook, NotAWorkbook, WorkbookTooLarge."""
    workbook = workbooks.read(content, filename)
    faults = [*workbook.faults, *_setting_faults(workbook), *_saveto_faults(workbook)]
    if not workbook.is_whole:  # what follows would complain of what was not read
        raise FaultyWorkbook(faults)
    with collecting(faults):
        result = conversion.converted(workbook)
        document = result.xform.encode()
        form = _read(document)
    if faults:
        raise FaultyWorkbook(faults)
    return _Form(
        form,
        document,
        workbook,
        tuple(_form_faults(form, workbook)),
        tuple(str(warning).strip() for warning in result.warnings),
        {ITEMSETS: result.itemsets.encode()} if result.itemsets else {},
    )


def _given(content: bytes, filename: str) -> _Form:
    """The form of an XForm. Raises FaultyWorkbook, NotAnXForm, XFormTooLarge."""
    form, source = given_xforms.read(content, filename)
    faults = list(given_xforms.faults(form, source, content))
    if form.form_id:
        faults += _setting_faults(source)
    faults += _key_and_title_faults(form, source.setting)
    if faults:
        raise FaultyWorkbook(faults)
    return _Form(form, content, source, ())


def _placed(faults: Iterable[Fault]) -> list[Fault]:
    """The faults of an XForm without the names of sheets, which it has not."""
    return [fault if fault.sheet.startswith("/") else replace(fault, sheet="") for fault in faults]


@contextmanager
def collecting(faults: list[Fault]) -> Iterator[None]:
    """Add the faults that the block raises to the list."""
    try:
        yield
    except FaultyWorkbook as faulty:
        faults += faulty.faults


def encrypted(prepared: Prepared, public_key: bytes) -> Prepared:
    """The same form with the server's key: its bytes, hash and version change. Raises FaultyWorkbook."""
    form = prepared.form
    sheet = "settings" if prepared.has_workbook else ""
    if not form.version:
        raise FaultyWorkbook(
            Fault(
                _("There is no version, to which the form's key could be added."),
                _("Write “version” into the first row of the settings sheet and its value below.")
                if sheet
                else _("Give the first element of the primary instance an attribute version."),
                sheet=sheet,
            )
        )
    version = encryption.version_with(form.version, public_key)
    no_key = Fault(
        _("The form cannot carry a key."),
        _("Remove unusual elements from the settings sheet.")
        if sheet
        else _("Write its model, submission and version as pyxform writes them."),
        sheet=sheet,
    )
    try:
        document = encryption.inject(
            prepared.document, root=form.root, public_key=public_key, version=version
        )
    except ValueError:
        raise FaultyWorkbook(no_key) from None
    form_with_key = _read(document)
    if (form_with_key.version, form_with_key.public_key) != (
        version,
        encryption.as_text(public_key),
    ):
        raise FaultyWorkbook(no_key)
    if not prepared.has_workbook:
        form_with_key = replace(form_with_key, title=form.title)
    return replace(
        prepared,
        form=form_with_key,
        document=document,
        md5=hashlib.md5(document, usedforsecurity=False).hexdigest(),
    )


def _setting_faults(workbook: Workbook) -> Iterator[Fault]:
    """A form_id or version that cannot stand in an address, and a submission_url (openrosa.md, Form list and manifest)."""
    setting = workbook.setting
    for name, text in (("form_id", workbook.form_id), ("version", setting["version"])):
        if text == "" and name == "version":
            continue  # a form may have none
        if not _NAME.fullmatch(text) or text == _NO_VERSION:
            yield Fault(
                _("The {name} “{text}” cannot stand in an address.").format(name=name, text=text),
                _why_no_address(text),
                sheet=setting.sheet,
                row=setting.number,
            )
    if setting["submission_url"]:
        yield Fault(
            _("The form names its own submission_url."),
            _("Remove it: each phone sends to the address it is configured with."),
            sheet="settings",
            row=setting.number,
        )


def _why_no_address(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        return _("Use at most {n} characters.").format(n=_LONGEST_NAME)
    if not re.match(r"[\w(]", text):
        return _("Begin with a letter or a digit.")
    return _("Use only letters, digits, spaces and these: _ - . , : ( ) + @, and more than “___”.")


def _saveto_faults(workbook: Workbook) -> Iterator[Fault]:
    """Rows with both save_to and ruhu:saveto: pyxform would drop the second, and the ledger would get no value."""
    for row in workbook.survey:
        if row["save_to"] and any(_SAVETO.fullmatch(column) for column in row.known):
            name = row["name"]
            yield Fault(
                _(
                    "{name} is saved to a list and to a ledger; the ledger would never get it."
                ).format(name=name),
                _(
                    "Move the save_to to a calculate of its own, with the calculation {name}."
                ).format(name=f"${{{name}}}"),
                sheet="survey",
                row=row.number,
            )


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


def _form_faults(form: XForm, workbook: Workbook) -> Iterator[Fault]:
    """What of the form cannot be served, or is not what the settings sheet says."""
    setting = workbook.setting
    for name, shown in (
        ("form_id", form.form_id),
        ("version", form.version),
        ("form_title", form.title),
    ):
        if setting[name] and " ".join(setting[name].split()) != " ".join(shown.split()):
            yield Fault(
                _(
                    "The settings sheet gives “{text}” as {name}, the converted form “{other}”."
                ).format(text=setting[name], name=name, other=shown),
                _("Give it once, on the settings sheet."),
                sheet="settings",
                row=setting.number,
            )
    if not form.has_instance_id:
        yield Fault(
            _("The form makes no instanceID, so a resend could not be told from a new record."),
            _("Remove “omit_instanceID” from the settings sheet."),
            sheet="settings",
            row=setting.number,
        )
    yield from _key_and_title_faults(form, setting)


def _key_and_title_faults(form: XForm, setting: Row) -> Iterator[Fault]:
    if form.public_key:
        try:
            encryption.read_public_key(form.public_key)
        except encryption.BadKey:
            yield Fault(
                _("The public_key is no RSA public key that phones can read."),
                _(
                    "Give the base64 text of an RSA key of at least 2048 bits on one line, without the BEGIN and END lines."
                ),
                sheet=setting.sheet,
                row=setting.number,
            )
    if not 0 < len(form.title) <= 250:
        yield Fault(
            _("There is no form_title, or it is too long."),
            _("Give the form a title of at most 250 characters."),
            sheet=setting.sheet,
            row=setting.number,
        )


def _media(
    form: XForm,
    given: Mapping[str, bytes],
    generated: Mapping[str, bytes],
    declared: Collection[str],
    *,
    is_draft: bool,
) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """The entity lists, also those it `declared` itself, and the files that the form names. Raises MissingMedia.

    Other given files are ignored.
    """
    lists = tuple(
        name for name in form.files if list_name(name) in declared or is_entity_list(name)
    )
    wanted = [name for name in form.files if name not in lists] + list(generated)
    composed = {unicodedata.normalize("NFC", name): content for name, content in given.items()}
    given = {
        name: given.get(name, composed[spelling])
        for name in wanted
        if (spelling := unicodedata.normalize("NFC", name)) in composed
    }
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

"""Problems of publishing forms, of drafts and of encryption keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from server.core.labels import listed
from server.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a workbook: where it is, what is wrong, and what to do.

    Of an XForm without a workbook, `sheet` is the path of an element, and `row` the line.
    """

    fault: str
    remedy: str
    sheet: str = ""
    row: int | None = None

    @property
    def where(self) -> str:
        """`sheet survey, row 12` or `/data/a, line 12` in the active language; empty when it concerns the file as a whole."""
        if self.sheet.startswith("/") and self.row:
            return gettext("{path}, line {line}").format(path=self.sheet, line=self.row)
        if self.sheet and self.row:
            return gettext("sheet {sheet}, row {row}").format(sheet=self.sheet, row=self.row)
        return gettext("sheet {sheet}").format(sheet=self.sheet) if self.sheet else ""

    def __str__(self) -> str:
        sentence = f"{self.fault} {self.remedy}".strip()
        return f"{self.where}: {sentence}" if self.where else sentence


class FaultyWorkbook(Problem):
    """The workbook can be opened, but no form can be made from it.

    `faults` lists everything to correct; `sheet`, `row`, `fault` and `remedy` are those of the first.
    """

    type = "faulty-workbook"
    status = 400
    title = _("The form cannot be published")
    template = _("Nothing was published. {faults}")

    def __init__(self, faults: Iterable[Fault] | Fault) -> None:
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        first = self.faults[0]
        super().__init__(sheet=first.sheet, row=first.row, fault=first.fault, remedy=first.remedy)

    @property
    def detail(self) -> str:
        listed = "\n".join(str(fault) for fault in self.faults)
        return str(self.template).format(faults=listed)


class NotAWorkbook(Problem):
    """The file is neither an .xlsx nor an .xls workbook, or it is damaged."""

    type = "not-a-workbook"
    status = 400
    title = _("Not an Excel workbook")
    template = _(
        "{filename} is not an .xlsx or .xls workbook ({reason}). Save the form as “Excel workbook (.xlsx)” and try again."
    )


class NotAnXForm(Problem):
    """The file is no XForm that phones and this server can read, or is made to hurt whoever reads it."""

    type = "not-an-xform"
    status = 400
    title = _("Not an XForm")
    template = _(
        "{filename} is not an XForm that can be published ({reason}). Nothing was changed. Correct the XML, or publish the workbook it was made from."
    )


class XFormTooLarge(Problem):
    """The XForm is larger than any form needs."""

    type = "xform-too-large"
    status = 413
    title = _("The XForm is too large")
    template = _(
        "{filename}: {reason}. A form needs far less: put long lists of choices into a CSV file, and send it again."
    )


class NoWorkbook(Problem):
    """The form version was published as an XForm, so that it has no workbook."""

    type = "no-workbook"
    status = 404
    title = _("The form has no workbook")
    template = _(
        "Form {form_id} was published as an XForm and has no workbook. Get its XForm instead."
    )


class WorkbookTooLarge(Problem):
    """The workbook, packed or unpacked, is larger than any form needs; it may be a zip bomb."""

    type = "workbook-too-large"
    status = 413
    title = _("The workbook is too large")
    template = _(
        "{filename}: {reason}. A form needs far less: remove pictures, other sheets and empty formatted rows, and save the workbook again."
    )


class VersionExists(Problem):
    """A published version never changes, because phones identify it by its hash; changed content needs a new version."""

    type = "form-version-exists"
    status = 409
    title = _("This version was already published with other content")
    template = _(
        "Form {form_id} version {version} was already published with other content. Nothing was changed. Raise “version” on the settings sheet, for example to {suggestion}."
    )


class MissingMedia(Problem):
    """The form refers to files that were not sent with the workbook."""

    type = "missing-form-media"
    status = 400
    title = _("A file of the form is missing")
    template = _(
        "Form {form_id} needs {filenames}. Nothing was published. Give these files together with the workbook, or remove them from the form."
    )


class NoSuchForm(Problem):
    """No form with this form_id has been published."""

    type = "no-such-form"
    status = 404
    title = _("No such form")
    template = _("There is no form {form_id}. Check the form_id, or get the list of forms again.")


class FormConcernsOtherAreas(Problem):
    """The form belongs to, or is offered to, areas that the user does not administer.

    `areas` holds the prefixes of their division codes; "" is everywhere.
    """

    type = "form-concerns-other-areas"
    status = 403
    title = _("The form also concerns other areas")
    template = _(
        "Form {form_id} also concerns areas that you do not administer ({listed}). Nothing was changed. Ask an administrator of all its areas."
    )

    @property
    def detail(self) -> str:
        return str(self.template).format(**self.data, listed=_listed(self.data["areas"]))


class AudienceTooWide(Problem):
    """A form can be offered only within the areas that the user administers; `areas` lists the others."""

    type = "audience-too-wide"
    status = 403
    title = _("The form cannot be offered there")
    template = _(
        "You do not administer all of where the form would be offered ({listed}). Nothing was changed. Choose areas and workers within yours."
    )

    @property
    def detail(self) -> str:
        return str(self.template).format(listed=_listed(self.data["areas"]))


def _listed(areas: Iterable[str]) -> str:
    return listed(area or gettext("everywhere") for area in areas)


class FormHasOwnKey(Problem):
    """The workbook sets a public_key of its own, so the server cannot put its own key into the form."""

    type = "form-has-own-key"
    status = 409
    title = _("The form has its own key")
    template = _(
        "The workbook of form {form_id} sets a public_key of its own. Remove it from the settings sheet and publish the form; then make a key here."
    )


class NotAPrivateKey(Problem):
    """The file is not an RSA private key in PEM form, or the password given for the file is wrong."""

    type = "not-a-private-key"
    status = 400
    title = _("The private key cannot be read")
    template = _(
        "The file is not an RSA private key in PEM form, or its password is wrong. Check both and send it again."
    )


class UnknownEncryptionKey(Problem):
    """No form published here uses this encryption key."""

    type = "unknown-encryption-key"
    status = 404
    title = _("The key is not known")
    template = _(
        "No form published here uses the key {key}. The page “Encryption” and “ruhu keys list” list all keys."
    )


class PrivateKeyNotHere(Problem):
    """The private half of this encryption key has not been given to this server."""

    type = "private-key-not-here"
    status = 409
    title = _("The private key is not on this server")
    template = _(
        "This server does not have the private half of key {key}. Upload it on the page “Encryption”, or with “ruhu keys upload”."
    )


class PassphraseTooShort(Problem):
    """The new passphrase has fewer characters than required."""

    type = "passphrase-too-short"
    status = 400
    title = _("The passphrase is too short")
    template = _("A passphrase needs at least {least} characters. Nothing was changed.")


class WrongPassphrase(Problem):
    """The passphrase is missing, or does not open the encryption key."""

    type = "wrong-passphrase"
    status = 400
    title = _("The passphrase is wrong")
    template = _("The passphrase is missing or does not open key {key}. Enter it again.")


class FormExists(Problem):
    """A form with this form_id is already published, so a new form cannot use it."""

    type = "form-exists"
    status = 409
    title = _("The form already exists")
    template = _(
        "A form {form_id} is already published. Send the workbook to the draft of that form, or give it another form_id."
    )


class OtherFormId(Problem):
    """The form_id in the workbook is not that of the form whose draft it was sent to."""

    type = "other-form-id"
    status = 400
    title = _("The workbook belongs to another form")
    template = _(
        "The workbook has the form_id {other}, not {form_id}. Send it to form {other}, or correct its settings sheet."
    )


class DraftHasWarnings(Problem):
    """The workbook has warnings, and the request does not say to ignore them (`ignoreWarnings=true`)."""

    type = "form-has-warnings"
    status = 400
    title = _("The form has warnings")
    template = _(
        "Nothing was saved, because the form has warnings. Correct them, or send the workbook again with ignoreWarnings=true. {warnings}"
    )


class UnknownDraft(Problem):
    """The form has no draft: none was saved, or it has been published."""

    type = "no-such-draft"
    status = 404
    title = _("The form has no draft")
    template = _(
        "Form {form_id} has no draft: none was saved, or it has been published. Send a workbook to make one."
    )


class NotAFormFile(Problem):
    """The form does not use a file of this name, or the server builds that file itself."""

    type = "not-a-form-file"
    status = 404
    title = _("The form does not use this file")
    template = _(
        "No file {filename} can be uploaded for form {form_id}. Its files are: {filenames}."
    )

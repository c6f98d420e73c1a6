"""What can be wrong with a form somebody wants to publish, or asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right in a workbook: where it is, what is wrong, what to do."""

    fault: str
    remedy: str
    sheet: str = ""
    row: int | None = None

    @property
    def where(self) -> str:
        """`survey, row 12` in the active language; empty when it concerns the file as a whole."""
        if self.sheet and self.row:
            return gettext("sheet {sheet}, row {row}").format(sheet=self.sheet, row=self.row)
        return gettext("sheet {sheet}").format(sheet=self.sheet) if self.sheet else ""

    def __str__(self) -> str:
        sentence = f"{self.fault} {self.remedy}".strip()
        return f"{self.where}: {sentence}" if self.where else sentence


class FaultyWorkbook(Problem):
    """The workbook is an .xlsx file, but no form can be made of it as it stands.

    Carries every fault that was found; `sheet`, `row` and `remedy` are those of the first.
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
    """The file is something else than an .xlsx workbook, or a broken one."""

    type = "not-a-workbook"
    status = 400
    title = _("Not an Excel workbook")
    template = _(
        "{filename} is not an .xlsx workbook ({reason}). Save the form as “Excel workbook (.xlsx)” and try again."
    )


class WorkbookTooLarge(Problem):
    """Unpacked, the workbook is larger than any form needs: perhaps a zip bomb."""

    type = "workbook-too-large"
    status = 413
    title = _("The workbook is too large")
    template = _(
        "{filename}: {reason}. A form needs far less: remove pictures, other sheets and empty formatted rows, and save it anew."
    )


class VersionExists(Problem):
    """Published versions never change, because phones hold them by their hash."""

    type = "form-version-exists"
    status = 409
    title = _("This version was already published with other content")
    template = _(
        "Form {form_id} version {version} was already published with other content. Nothing was changed. Raise “version” on the settings sheet, for example to {suggestion}."
    )


class MissingMedia(Problem):
    """The form names files that did not come with it."""

    type = "missing-form-media"
    status = 400
    title = _("A file of the form is missing")
    template = _(
        "Form {form_id} needs {filenames}. Nothing was published. Give these files together with the workbook, or remove them from the form."
    )


class UnknownForm(Problem):
    """No form of that id was ever published."""

    type = "no-such-form"
    status = 404
    title = _("No such form")
    template = _("There is no form {form_id}. Get the list of forms again.")


class FormHasOwnKey(Problem):
    """The workbook brings a public key; the server's would not be carried."""

    type = "form-has-own-key"
    status = 409
    title = _("The form brings its own key")
    template = _(
        "The workbook of form {form_id} has a public_key of its own. Remove it from the settings sheet, publish, then make a key."
    )


class NotAPrivateKey(Problem):
    """The file holds no RSA private key, or its password is another."""

    type = "not-a-private-key"
    status = 400
    title = _("The private key cannot be read")
    template = _("The file is no RSA private key in PEM form, or its password is another.")


class UnknownEncryptionKey(Problem):
    """No form carries this key, or no key here is called so."""

    type = "unknown-encryption-key"
    status = 404
    title = _("The key is not known")
    template = _(
        "No form published here carries the key {key}. The page “Encryption” names all, and so does “ruhu keys list”."
    )


class PrivateKeyNotHere(Problem):
    """The private half was never given to this server."""

    type = "private-key-not-here"
    status = 409
    title = _("The private key is not here")
    template = _(
        "The private half of key {key} is not here. Give it on the page “Encryption”, or with “ruhu keys upload”."
    )


class PassphraseTooShort(Problem):
    """A new passphrase has fewer characters than it must."""

    type = "passphrase-too-short"
    status = 400
    title = _("The passphrase is too short")
    template = _("A passphrase has at least {least} characters. Nothing was changed.")


class WrongPassphrase(Problem):
    """The passphrase does not open the key."""

    type = "wrong-passphrase"
    status = 400
    title = _("The passphrase is another")
    template = _("This passphrase does not open key {key}.")


class FormExists(Problem):
    """A form of that id was published; a new form takes another."""

    type = "form-exists"
    status = 409
    title = _("The form exists")
    template = _(
        "A form {form_id} is published here. Send the workbook to its draft, or give it another form_id."
    )


class OtherFormId(Problem):
    """The workbook is of another form than the draft."""

    type = "other-form-id"
    status = 400
    title = _("The workbook is of another form")
    template = _(
        "The workbook says form_id {other}, not {form_id}. Send it to that form, or correct its settings sheet."
    )


class DraftHasWarnings(Problem):
    """Somebody asked to be warned first."""

    type = "form-has-warnings"
    status = 400
    title = _("The form has warnings")
    template = _("Nothing was saved, because of these warnings. {warnings}")


class UnknownDraft(Problem):
    """The form has no draft: none was saved, or it was published."""

    type = "no-such-draft"
    status = 404
    title = _("No such draft")
    template = _(
        "Form {form_id} has no draft. Send a workbook first; a draft ends when it is published."
    )


class NotAFormFile(Problem):
    """The form names no such file, or the server builds it."""

    type = "not-a-form-file"
    status = 404
    title = _("Not a file of the form")
    template = _("Form {form_id} asks for no file {filename}. It asks for: {filenames}.")

"""Problems of entering records at the desk."""

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotToEnter(Problem):
    """The form is not offered in the person's areas, is closed, or is one that only phones fill in."""

    type, status = "not-to-enter", 404
    title = _("This form cannot be filled in here")
    template = _(
        "No form of this name is open in your areas, or phones encrypt its records. Choose one of the list."
    )


class OtherFormEntered(Problem):
    """The record is of another form than the page it was filled in on."""

    type, status = "other-form-entered", 400
    title = _("The record is of another form")
    template = _("The record names the form {form_id}. Open that form and fill it in there.")


class NothingEntered(Problem):
    """The request has no record."""

    type, status = "nothing-entered", 400
    title = _("No record was sent")
    template = _("The request has no file xml_submission_file. Open the form again and send it.")


class EntryTooLarge(Problem):
    """The record and its files are larger than the server takes."""

    type, status = "entry-too-large", 413
    title = _("The record is too large")
    template = _("A record and its files may have {limit_mb} MB together. Leave out a file.")


class NoSuchFormFile(Problem):
    """The form needs no file of this name, or its file has not been uploaded."""

    type, status = "no-such-form-file", 404
    title = _("The form has no such file")
    template = _("The form has no file of this name. Somebody who publishes forms can add it.")

"""What the console refuses by itself; everything else is refused by the rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class RoleMissing(Problem):
    """The user has no role that may use this page."""

    type, status = "role-missing", 403
    title = _("You may not use this page")
    template = _("Your account does not have a role for this. Ask an administrator of your office.")


class NoSuchPhoto(Problem):
    """The file is not a photo of which the console can show a preview."""

    type, status = "no-such-photo", 404
    title = _("No preview of this file")
    template = _("{name} is not a photo that can be shown here. Download the original instead.")


class FormFieldsWrong(Problem):
    """A field of the page's form is missing or wrong."""

    type, status = "form-fields-wrong", 400
    title = _("A field is missing or wrong")
    template = _("{field}: {message}")


class FileMissing(Problem):
    """The database lists the file, but its content is not on the disk."""

    type, status = "file-missing", 404
    title = _("The file is missing")
    template = _(
        "{name} is not on this server's disk. If files were restored from a backup, tell the administrator."
    )


class ListTooLong(Problem):
    """The list has more rows than one file may hold."""

    type, status = "list-too-long", 400
    title = _("The list is too long for one file")
    template = _(
        "A file of this kind holds at most {most} rows. Narrow the list with a filter, or choose CSV."
    )

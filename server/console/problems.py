"""What the console refuses by itself; everything else is refused by the rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class RoleMissing(Problem):
    """The page is for another role."""

    type, status = "role-missing", 403
    title = _("This page is for other staff")
    template = _("Your account does not have a role for this. Ask an administrator of your office.")


class NoSuchPhoto(Problem):
    """The file is not a photo the console can show."""

    type, status = "no-such-photo", 404
    title = _("No preview of this file")
    template = _("{name} is not a photo that can be shown here. Download the original instead.")


class FormFieldsWrong(Problem):
    """A console form came in with fields missing or wrong."""

    type, status = "form-fields-wrong", 400
    title = _("Something is missing")
    template = _("{field}: {message}")


class FileMissing(Problem):
    """The row is there, the file is not."""

    type, status = "file-missing", 404
    title = _("The file is missing")
    template = _(
        "{name} is not on this server's disk. If files were restored from a backup, tell the administrator."
    )

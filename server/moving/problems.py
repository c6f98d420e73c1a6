"""Why taking over from another server or from a folder ends."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NoSuchFolder(Problem):
    """The folder is not there, or nothing in it is a form or a record."""

    type, status = "no-such-folder", 404
    title = _("No folder of forms and records")
    template = _(
        "{folder} is no folder, or has neither forms nor records. Give the folder that ODK Briefcase stores into, or the folder of a project of ODK Collect."
    )


class SourceRefused(Problem):
    """The other server did not answer as its API says."""

    type, status = "source-refused", 424
    title = _("The other server refused")
    template = _(
        "{address} answered: {reason}. Check the address, the project and the account, then start again; what was taken over stays."
    )

    @property
    def is_absent(self) -> bool:
        """Whether the other server only has no such thing, and the rest can go on."""
        return str(self.data.get("reason", "")).startswith("404")

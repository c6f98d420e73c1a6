"""Why an act on a bulletin is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NoSuchBulletin(Problem):
    """There is no division of this code in which the reader may keep a bulletin."""

    type, status = "no-such-bulletin", 404
    title = _("No such bulletin")
    template = _("There is no bulletin for this area. Only street staff of the area can open it.")


class ContactMissing(Problem):
    """An open bulletin must say where people ask for a post."""

    type, status = "bulletin-contact-missing", 422
    title = _("The office's contact is missing")
    template = _(
        "Say where people can ask for a post: the office's address, phone or hours. The employers' own contacts are not shown."
    )


class ContactPrivate(Problem):
    """The contact holds a number that is a person's."""

    type, status = "bulletin-contact-private", 422
    title = _("The contact is private")
    template = _(
        "Everybody can read the contact. Give a telephone of the office, not a mobile phone, and no ID number."
    )

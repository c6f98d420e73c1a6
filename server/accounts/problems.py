"""What can be wrong about people, roles and tokens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NameTaken(Problem):
    """Another user has this user name."""

    type, status = "name-taken", 409
    title = _("The name is taken")
    template = _("There is already a user {username}. Choose another name.")


class BadUserName(Problem):
    """A user name must be typed on a phone and survive HTTP Basic."""

    type, status = "bad-user-name", 400
    title = _("The user name cannot be used")
    template = _(
        "The user name {username} cannot be used. Take 1 to 150 letters, digits, dots, hyphens or underscores."
    )


class BadName(Problem):
    """A person's name must fit on a line of a list."""

    type, status = "bad-name", 400
    title = _("The name is too long")
    template = _("A name has at most {most} characters.")


class BadArea(Problem):
    """An area is the code of a division, or its leading digits."""

    type, status = "bad-area", 400
    title = _("The area is not known")
    template = _(
        "There is no division {area}. Give a 12-digit division code or its leading digits, or import the divisions first."
    )


class UnknownUser(Problem):
    """No user of that name."""

    type, status = "unknown-user", 404
    title = _("No such user")
    template = _("There is no user {username}.")


class TokenRevoked(Problem):
    """The token in the address is unknown, revoked, or its owner is inactive.

    403 on purpose: a 401 would make the phone ask for a password nobody has (openrosa.md §3).
    """

    type, status = "token-revoked", 403
    title = _("This phone is not registered")
    template = _(
        "This phone's access has ended or its address is wrong. Keep your records on the phone, and ask the office for a new QR code."
    )


class NoFieldWork(Problem):
    """A person without an area to work in; never answered by an empty list, which would remove the forms."""

    type, status = "no-field-work", 403
    title = _("No area is assigned")
    template = _(
        "Your account has no community to work in. Keep your records on the phone, and ask the office to assign one."
    )

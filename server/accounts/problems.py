"""Problems of users, roles and phones' tokens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NameTaken(Problem):
    """Another user already has this user name."""

    type, status = "name-taken", 409
    title = _("The user name is taken")
    template = _(
        "There is already a user {username}. Choose another name; if it is the same person, give a further role to that user instead."
    )


class BadUserName(Problem):
    """The user name is longer than 150 characters, or has characters that HTTP Basic or a phone's keyboard cannot be relied on to send."""

    type, status = "bad-user-name", 400
    title = _("The user name cannot be used")
    template = _(
        "The user name {username} cannot be used. Use 1 to 150 letters, digits, dots, hyphens, underscores, @ or +."
    )


class BadName(Problem):
    """The person's name has more characters than a line of a list can show."""

    type, status = "bad-name", 400
    title = _("The name is too long")
    template = _("The name is longer than {most} characters. Shorten it.")


class RosterWrong(Problem):
    """A pasted list of workers cannot be taken as it is."""

    type, status = "roster-wrong", 422
    title = _("The list of workers is wrong")
    template = _("No worker was made. {reason} Correct the list and send it again.")


class BadArea(Problem):
    """The area is neither the code of a known division nor the leading digits of one."""

    type, status = "bad-area", 400
    title = _("The area is not known")
    template = _(
        "No division code is {area} or begins with it. Give a 12-digit division code or its leading digits, or import the divisions first."
    )


class BadPhoneSetting(Problem):
    """A setting of phones is not one that an area may choose."""

    type, status = "bad-phone-setting", 400
    title = _("The setting is not known")
    template = _("{setting} cannot be set so. Possible: {known}.")


class NoPhoneSettings(Problem):
    """The area has no settings of its own."""

    type, status = "no-phone-settings", 404
    title = _("The area has no phone settings")
    template = _(
        "The area {area} has no phone settings of its own; those of the area around it hold, else the defaults."
    )


class BadDay(Problem):
    """The first or last day of a role lies in the future, or the last before the first."""

    type, status = "bad-day", 400
    title = _("A role cannot begin or end on that day")
    template = _(
        "A role cannot begin or end on {day}. Give today or an earlier day, and as last day none before the first."
    )


class UnknownUser(Problem):
    """No user has this user name."""

    type, status = "unknown-user", 404
    title = _("No such user")
    template = _("There is no user {username}. Check the user name.")


class NoSuchRole(Problem):
    """The person does not hold this role in exactly this area."""

    type, status = "no-such-role", 404
    title = _("No such role")
    template = _(
        "{username} does not hold this role in exactly this area. See the person's roles first."
    )


class OwnAccount(Problem):
    """People neither change their own roles nor shut themselves out."""

    type, status = "own-account", 403
    title = _("Not for your own account")
    template = _(
        "Nobody changes their own roles or shuts themselves out. Ask another administrator, or use ./ruhu at the server."
    )


class WeakPassword(Problem):
    """The new password is too short, too common, too like the user name, or the old one."""

    type, status = "weak-password", 400
    title = _("Choose another password")
    template = _("{faults}")


class PasswordHandedOut(Problem):
    """The password was handed out by somebody else, who knows it; until the person has chosen another one, it opens nothing else."""

    type, status = "password-handed-out", 403
    title = _("Choose your own password first")
    template = _(
        "This password was handed out to you. Log in at the console in a browser and choose your own; then try again."
    )


class TokenNeeded(Problem):
    """The account has a second factor, or must have one, so that its password alone opens nothing to programs."""

    type, status = "token-needed", 403
    title = _("The password alone is not enough")
    template = _(
        "This account is protected by a second factor. Make a token for programs at the console, under My account, and send it in the place of the password."
    )


class FactorNeeded(Problem):
    """The person's roles ask for a second factor, and none is set up."""

    type, status = "second-factor-needed", 403
    title = _("Set up a second factor first")
    template = _(
        "Your roles ask for a second factor. Set it up at the console, under My account; then try again."
    )


class TokenTooNarrow(Problem):
    """The token was made for other doors, or to read only."""

    type, status = "token-too-narrow", 403
    title = _("The token does not open this")
    template = _(
        "This token was made for other doors, or to read only. Make another one at the console, under My account."
    )


class TooManyTokens(Problem):
    """The person has as many tokens for programs as anybody may have."""

    type, status = "too-many-tokens", 409
    title = _("Too many tokens")
    template = _("You have {most} tokens for programs. Revoke those that nothing uses any more.")


class TokenRevoked(Problem):
    """The token in the address is unknown or revoked, or its worker is switched off.

    403 on purpose: a 401 would make the phone ask for a password that the worker does not have
    (openrosa.md, Field accounts).
    """

    type, status = "token-revoked", 403
    title = _("This phone is not registered")
    template = _(
        "This phone's access has ended, or its address is wrong. Keep your records on the phone, and ask the office for a new QR code."
    )


class NoFieldWork(Problem):
    """The worker has no area to work in. The answer is not an empty form list, because that would remove the forms from the phone."""

    type, status = "no-field-work", 403
    title = _("No area is assigned")
    template = _(
        "Your account has no community to work in. Keep your records on the phone, and ask the office to assign one."
    )


class LogInsBusy(Problem):
    """So many passwords wait to be checked that this one was not; the same log-in works a moment later."""

    type, status = "log-ins-busy", 429
    title = _("Too many people are logging in")
    template = _("Too many log-ins are being checked just now. Try again in half a minute.")

    @property
    def retry_after(self) -> int:
        """Seconds after which the same request may succeed."""
        return 30


class NoProvider(Problem):
    """This office has no identity provider: RUHU_OIDC_ISSUER is not set."""

    type, status = "no-identity-provider", 409
    title = _("No office sign-in")
    template = _(
        "This server is not connected to an identity provider. Set RUHU_OIDC_ISSUER and start it again."
    )


class BadSubject(Problem):
    """The subject cannot be one of an identity provider, or holds an ID number or phone, which is not kept here."""

    type, status = "bad-subject", 400
    title = _("The subject cannot be used")
    template = _(
        "The subject has 1 to 191 letters, digits and signs, no spaces, and is no ID number or phone. Copy it from the page that refused the sign-in, or from the identity provider."
    )


class SubjectTaken(Problem):
    """Another account is linked to this subject."""

    type, status = "subject-taken", 409
    title = _("The subject is linked to another account")
    template = _(
        "Another account is linked to this subject, and a person signs in to one account. Remove the link there first."
    )


class NotLinked(Problem):
    """The account is linked to no subject of the identity provider."""

    type, status = "not-linked", 404
    title = _("Not linked")
    template = _("{username} is not linked to the office sign-in.")


class SignInFailed(Problem):
    """What the identity provider answered does not prove who signs in: too old, not for this server, or not asked for here."""

    type, status = "sign-in-failed", 403
    title = _("The office sign-in failed")
    template = _(
        "The answer of the identity provider could not be verified. Start again from the log-in page; if it fails again, log in with your password and tell your administrator."
    )


class SubjectUnknown(Problem):
    """The identity provider knows the person, but no account is linked to the subject."""

    type, status = "subject-unknown", 403
    title = _("No account is linked to your office sign-in")
    template = _(
        "Ask your administrator to link your account to it, under People and roles, and give this subject: {subject}"
    )


class AccountClosed(Problem):
    """The account that is linked to the subject is shut out."""

    type, status = "account-closed", 403
    title = _("Your account is shut out")
    template = _("You have signed in, but your account here is shut out. Ask your administrator.")


class ProviderAway(Problem):
    """The identity provider does not answer, or not as OpenID Connect says."""

    type, status = "identity-provider-away", 424
    title = _("The office sign-in does not answer")
    template = _(
        "The identity provider of your office does not answer. Try again later, or log in with your password."
    )

    @property
    def retry_after(self) -> int:
        """Seconds after which the same request may succeed."""
        return 30


class TooManyViews(Problem):
    """The person has as many saved views as one may have."""

    type, status = "too-many-views", 400
    title = _("Too many saved views")
    template = _("You have {most} saved views. Delete one that you no longer use.")


class NoSuchView(Problem):
    """There is no such saved view, or it is somebody else's."""

    type, status = "no-such-view", 404
    title = _("No such view")
    template = _("There is no saved view of yours here. Only whoever saved it may delete it.")

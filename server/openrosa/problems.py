"""What this door refuses by itself; everything else is refused by the rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class CredentialsNeeded(Problem):
    """No credentials, or wrong ones; the answer carries a challenge, else Collect gives up (openrosa.md §3)."""

    type, status = "credentials-needed", 401
    title = _("User name and password needed")
    template = _("User name or password is missing or wrong. Correct it in Collect's settings.")


class TlsNeeded(CredentialsNeeded):
    """A password was sent over a line that anybody can read; the challenge offers Digest, which sends none."""

    type, status = "tls-needed", 401
    title = _("A secure connection is needed")
    template = _(
        "User name and password are taken over https only. Use https, or the QR code of this phone."
    )


class PasswordPause(CredentialsNeeded):
    """Too many wrong passwords for one name from one address; others at that address are not concerned."""

    type, status = "password-pause", 401
    title = _("Too many wrong passwords")
    template = _(
        "Too many wrong passwords for this user name. Correct it in Collect's settings, and try again in 15 minutes."
    )


class NoSuchAddress(Problem):
    """No OpenRosa resource lies there."""

    type, status = "no-such-address", 404
    title = _("Nothing is at this address")
    template = _("Nothing is at this address. Scan the QR code again.")


class FormNotOffered(Problem):
    """The form version does not exist, or is not for this worker."""

    type, status = "form-not-offered", 404
    title = _("The form is not for you")
    template = _("This form is not offered to you. Get the list of forms again, or ask the office.")


class NoSuchMedia(Problem):
    """The form has no file of that name."""

    type, status = "no-such-media", 404
    title = _("The form has no such file")
    template = _("The form has no such file. Get the list of forms again.")


class MethodNotAllowed(Problem):
    """The address takes other methods."""

    type, status = "method-not-allowed", 405
    title = _("The address does not take this")
    template = _("This address takes {methods} only.")


class NotMultipart(Problem):
    """An upload is multipart/form-data with a part named xml_submission_file, or bare XML."""

    type, status = "not-multipart", 415
    title = _("The upload has another shape")
    template = _("An upload is multipart/form-data. Send the record with ODK Collect.")


class NoXmlPart(Problem):
    """The multipart body has no part xml_submission_file."""

    type, status = "no-xml-part", 400
    title = _("The upload holds no record")
    template = _("The upload has no part named xml_submission_file. Send the record again.")


class CutOff(Problem):
    """The body ended before its end: nothing of it is taken."""

    type, status = "cut-off", 400
    title = _("The upload was cut off")
    template = _("The upload was cut off on its way. Send the record again.")


class BadMultipart(Problem):
    """The multipart body cannot be read."""

    type, status = "bad-multipart", 400
    title = _("The upload cannot be read")
    template = _(
        "The upload cannot be read. Send the record again; if it is refused again, tell the office."
    )


class NotForPhones(Problem):
    """Raw records are given back to people of the street, never by a phone's token."""

    type, status = "not-for-phones", 403
    title = _("Records are not given back here")
    template = _(
        "Records are given back to street staff and administrators only, by their own user name and password."
    )


class NoSuchRecord(Problem):
    """No such record, or not in the person's areas."""

    type, status = "no-such-record", 404
    title = _("No such record")
    template = _("There is no such record in your areas.")


class BadCursor(Problem):
    """The cursor is none of this server's; starting again from the beginning would never end."""

    type, status = "bad-cursor", 400
    title = _("The cursor is not known")
    template = _("The cursor is not one of this server's. Start from the beginning, without one.")


class FormsComeAsWorkbooks(Problem):
    """Blank forms are published from XLSForms, which say where the answers go."""

    type, status = "forms-come-as-workbooks", 403
    title = _("Forms are published as XLSForms")
    template = _("Forms are not taken this way. Publish the XLSForm first, then send the records.")


class UploadTooLarge(Problem):
    """The request, or what it unpacks to, is larger than the server takes."""

    type, status = "upload-too-large", 413
    title = _("The upload is too large")
    template = _(
        "The upload is larger than {limit_mb} MB. Send the record with fewer or smaller files, or tell the office."
    )


class UnknownEncoding(Problem):
    """The body is packed otherwise than with gzip."""

    type, status = "unknown-encoding", 415
    title = _("The upload is packed in an unknown way")
    template = _(
        "An upload may be sent plain or packed with gzip. Send the record with ODK Collect."
    )

"""Problems with a request of an OpenRosa client; those of its contents are in the rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class CredentialsNeeded(Problem):
    """User name and password are missing or wrong. The answer has a challenge, without which Collect gives up."""

    type, status = "credentials-needed", 401
    title = _("User name and password needed")
    template = _("User name or password is missing or wrong. Correct it in Collect's settings.")


class TlsNeeded(CredentialsNeeded):
    """A password was sent without TLS. The challenge offers Digest, which does not send the password."""

    type, status = "tls-needed", 401
    title = _("A secure connection is needed")
    template = _(
        "User name and password are accepted over https only. Use https, or the QR code of this phone."
    )


class PasswordPause(CredentialsNeeded):
    """Too many wrong passwords for one user name from one address; other names at that address are not affected."""

    type, status = "password-pause", 401
    title = _("Too many wrong passwords")
    template = _(
        "Too many wrong passwords for this user name. Correct it in Collect's settings, and try again in 15 minutes."
    )


class NoSuchAddress(Problem):
    """No OpenRosa resource has this address."""

    type, status = "no-such-address", 404
    title = _("Nothing is at this address")
    template = _("Nothing is at this address. Scan the QR code again.")


class FormNotOffered(Problem):
    """The form version does not exist, or is not offered to this worker."""

    type, status = "form-not-offered", 404
    title = _("The form is not offered to you")
    template = _("This form is not offered to you. Get the list of forms again, or ask the office.")


class NoSuchMedia(Problem):
    """The form version has no file of this name."""

    type, status = "no-such-media", 404
    title = _("The form has no such file")
    template = _("The form has no such file. Get the list of forms again.")


class MethodNotAllowed(Problem):
    """The address exists, but not with this method."""

    type, status = "method-not-allowed", 405
    title = _("The address does not take this method")
    template = _("This address accepts {methods} only.")


class NotMultipart(Problem):
    """The content type of the upload is neither multipart/form-data nor XML."""

    type, status = "not-multipart", 415
    title = _("The upload is not multipart/form-data")
    template = _("An upload must be multipart/form-data. Send the record with ODK Collect.")


class NoXmlPart(Problem):
    """The multipart body has no part xml_submission_file."""

    type, status = "no-xml-part", 400
    title = _("The upload holds no record")
    template = _("The upload has no part named xml_submission_file. Send the record again.")


class CutOff(Problem):
    """The body ended too early, so nothing of it was stored."""

    type, status = "cut-off", 400
    title = _("The upload was cut off")
    template = _("The upload was cut off on its way. Send the record again.")


class BadMultipart(Problem):
    """The multipart or gzip body is not well formed."""

    type, status = "bad-multipart", 400
    title = _("The upload cannot be read")
    template = _(
        "The upload cannot be read. Send the record again; if it is refused again, tell the office."
    )


class TooManyParts(Problem):
    """The upload has more files than any record, and each would be kept in its own."""

    type, status = "too-many-parts", 413
    title = _("The upload has too many files")
    template = _("An upload may have {most} files. Send the record's files in several uploads.")


class TooManyIds(Problem):
    """More entities are asked for at once than a phone can hold offline."""

    type, status = "too-many-ids", 413
    title = _("Too many entities were asked for")
    template = _("At most {most} entities can be asked for at once. Ask for fewer.")


class NotForPhones(Problem):
    """Unmasked submissions are given to street staff and administrators, never to a phone."""

    type, status = "not-for-phones", 403
    title = _("Phones cannot fetch records")
    template = _(
        "Only street staff and administrators may fetch records, with their own user name and password."
    )


class NoSuchRecord(Problem):
    """The submission or its file does not exist, or lies outside the person's areas."""

    type, status = "no-such-record", 404
    title = _("No such record")
    template = _("There is no such record in your areas.")


class BadCursor(Problem):
    """The cursor was not issued by this server. It is not ignored: the client would pull from the beginning forever."""

    type, status = "bad-cursor", 400
    title = _("The cursor is not valid")
    template = _("The cursor was not issued by this server. Start again without a cursor.")


class FormsComeAsWorkbooks(Problem):
    """Blank forms are published as XLSForms, never uploaded as XForms."""

    type, status = "forms-come-as-workbooks", 403
    title = _("Forms are published as XLSForms")
    template = _(
        "Forms cannot be uploaded this way. Publish the XLSForm first, then send the records."
    )


class UploadTooLarge(Problem):
    """The body, or its unpacked content, is larger than the server accepts."""

    type, status = "upload-too-large", 413
    title = _("The upload is too large")
    template = _(
        "The upload is larger than {limit_mb} MB. Send the record with fewer or smaller files, or tell the office."
    )


class UnknownEncoding(Problem):
    """The Content-Encoding of the body is not gzip."""

    type, status = "unknown-encoding", 415
    title = _("The compression of the upload is not supported")
    template = _(
        "An upload may be uncompressed or compressed with gzip. Send the record with ODK Collect."
    )

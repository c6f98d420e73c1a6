"""What the desk can do about something set aside: the phone was told what happened, not what follows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ADVICE = {
    "unknown-form": gettext_lazy(
        "Publish the form: what waits for it is then taken by itself. If the phone was set up for another server, give the worker a new QR code."
    ),
    "unknown-form-version": gettext_lazy(
        "Publish this version: what waits for it is then taken by itself. Or take the record with a version that is here."
    ),
    "form-closed": gettext_lazy(
        "If records are still wanted, set the form to “closing” on the page “Forms”, then try again. Otherwise do not take it, and tell the worker."
    ),
    "instance-conflict": gettext_lazy(
        "Two contents of one record came. Keep the first, take this one as a correction of it, or keep both."
    ),
    "edit-superseded": gettext_lazy(
        "Two people corrected one record. Keep the correction that is here, take this one over it, or keep both."
    ),
    "original-not-here": gettext_lazy(
        "Nothing needs to be done: it is taken by itself when the earlier record comes. If that is lost, keep this one as a record of its own."
    ),
    "no-instance-id": gettext_lazy(
        "The form needs a meta block with an instanceID. Download the record, add one, and upload it as corrected XML."
    ),
    "instance-id-too-long": gettext_lazy(
        "Download the record, shorten its instanceID, and upload it as corrected XML."
    ),
    "bad-xml": gettext_lazy(
        "Ask the worker to send the record again. If it comes like this again, download it, repair it, and upload it as corrected XML."
    ),
    "not-an-instance": gettext_lazy(
        "This was hardly sent by ODK Collect. Look at it by downloading it; most often there is nothing to take."
    ),
    "instance-too-large": gettext_lazy(
        "Look at it by downloading it. A record of that size is most often a fault of the form."
    ),
}
"""Problem type → a sentence for the office."""

WAITS = frozenset({"unknown-form", "unknown-form-version", "form-closed", "original-not-here"})
"""What another try can take, once what was missing is here; the other reasons stay as they are."""

REPAIRED = frozenset({"bad-xml", "no-instance-id", "instance-id-too-long"})
"""What can hardly be taken but as corrected XML."""

LIMITS = {
    "item": gettext_lazy("record too large to be kept"),
    "phone_count": gettext_lazy("too many in a day from one phone"),
    "phone_bytes": gettext_lazy("too much in a day from one phone"),
    "total": gettext_lazy("no more room for what is set aside"),
}
"""quarantine.services.limits.Limit → what it says."""

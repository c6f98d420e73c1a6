"""What office staff can do about a quarantined record, by the reason for which it was refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ADVICE = {
    "unknown-form": gettext_lazy(
        "Publish the form: the records that wait for it are then accepted automatically. If the phone was set up for another server, give the worker a new QR code."
    ),
    "unknown-form-version": gettext_lazy(
        "Publish this version: the records that wait for it are then accepted automatically. Or accept the record with a version that is published here."
    ),
    "form-closed": gettext_lazy(
        "If records are still wanted, set the form to “closing” on the page “Forms”, then try again. Otherwise dismiss the record, and tell the worker."
    ),
    "instance-conflict": gettext_lazy(
        "Two different records arrived under one instanceID. Keep the first only, accept this one as a correction of it, or keep both."
    ),
    "edit-superseded": gettext_lazy(
        "Two people corrected one record. Keep the correction accepted first, accept this one in its place, or keep both."
    ),
    "original-not-here": gettext_lazy(
        "Nothing needs to be done: the record is accepted automatically when the earlier one comes. If that one is lost, keep this one as a record of its own."
    ),
    "no-instance-id": gettext_lazy(
        "The form needs a meta block with an instanceID. Download the record, add one, and upload it as corrected XML."
    ),
    "instance-id-too-long": gettext_lazy(
        "Download the record, shorten its instanceID, and upload it as corrected XML."
    ),
    "bad-xml": gettext_lazy(
        "Ask the worker to send the record again. If it arrives broken again, download it, repair it, and upload it as corrected XML."
    ),
    "not-an-instance": gettext_lazy(
        "ODK Collect probably did not send this. Download it to look at it; mostly it can be dismissed."
    ),
    "instance-too-large": gettext_lazy(
        "Download the record to look at it. A record of that size mostly comes from a fault in the form."
    ),
    "area-outside": gettext_lazy(
        "A phone of another area sent a record that names a community of yours. Ask that worker or that office why. Accept the record if it is right: it then counts in your ledgers. Otherwise dismiss it."
    ),
    "original-outside": gettext_lazy(
        "A phone of another area corrected a record of yours. Ask that worker or that office why. Accept the correction if it is right; until then your record stays as it is. Otherwise dismiss it."
    ),
    "original-deleted": gettext_lazy(
        "A phone corrected a record that you deleted. If the correction is right, restore the record first, then accept this. Otherwise dismiss it."
    ),
    "entry-outside": gettext_lazy(
        "A phone of another area sent a record about a household, person, employer or case of yours. Ask that worker or that office why. If you accept it, its answers count, and what it names may move to the area of the record. Otherwise dismiss it."
    ),
}
"""Problem type → a sentence for office staff."""

WAITS = frozenset({"unknown-form", "unknown-form-version", "form-closed", "original-not-here"})
"""Reasons that pass: a replay succeeds once what was missing is here."""

REPAIRED = frozenset({"bad-xml", "no-instance-id", "instance-id-too-long"})
"""Reasons that mostly need a corrected XML."""

LIMITS = {
    "item": gettext_lazy("record too large to be kept"),
    "phone_count": gettext_lazy("too many in a day from one phone"),
    "phone_bytes": gettext_lazy("too much in a day from one phone"),
    "total": gettext_lazy("no more room in the quarantine"),
}
"""quarantine.services.limits.Limit → its meaning in words."""

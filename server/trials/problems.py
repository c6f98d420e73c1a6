"""Why a test record is refused. Whoever tries the draft reads this on a phone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class DraftGone(Problem):
    """The token in the address is of no draft: it was published, replaced or deleted, or there never was one."""

    type, status = "draft-gone", 404
    title = _("The draft is not there any more")
    template = _(
        "This draft was published, replaced or deleted. Delete this project in Collect, or scan the code of the present draft."
    )


class NotOfThisDraft(Problem):
    """The record names another form, or another version of the form, than the draft is."""

    type, status = "not-of-this-draft", 400
    title = _("The record is not of this draft")
    template = _(
        "The record is of form {form_id}, version {version}; the draft that this code tries is of form {draft_form_id}, version {draft_version}. Get the form again and fill that in."
    )


class DraftHasEnough(Problem):
    """The draft has as many test records as are kept."""

    type, status = "draft-has-enough", 409
    title = _("The draft has enough test records")
    template = _(
        "This draft has {limit} test records already, and takes no more. Save the draft anew to begin again, or publish the form."
    )

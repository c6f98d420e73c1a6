"""Problems of desk acts, disclosures and searches in the ledgers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem, ReasonMissing


class NotYours(Problem):
    """The ledger entry lies outside the areas in which the user's role permits this act."""

    type, status = "ledger-act-not-allowed", 403
    title = _("Not allowed for this entry")
    template = _(
        "Your role does not permit this for this entry. Ask the street office that it belongs to."
    )


class NoSuchEntry(Problem):
    """No ledger entry has this UUID, or the entry was voided."""

    type, status = "no-such-entry", 404
    title = _("No such ledger entry")
    template = _("There is no {family} entry {entry}. It may have been voided; reload the list.")


class ActReasonMissing(ReasonMissing):
    """An act on ledger entries needs a reason, and the request gives none."""

    type, status = "act-reason-missing", 422


class NoSuchWorker(Problem):
    """Nobody who works in the reader's areas has this id."""

    type, status = "no-such-worker", 422
    title = _("No such worker")
    template = _("Choose somebody who works in your areas: visits can be handed to nobody else.")


class NotCorrectable(Problem):
    """The column is computed or fixed, or this ledger has no such column."""

    type, status = "column-not-correctable", 422
    title = _("This column cannot be corrected")
    template = _(
        "Column {column} cannot be corrected: it is computed or fixed, or this ledger has no such column. Correct the answers that it comes from."
    )


class NoSuchValue(Problem):
    """No source in the user's areas gives this value of the column any more."""

    type, status = "no-such-value", 409
    title = _("This value is not there any more")
    template = _(
        "The source of this value was rejected, edited or corrected meanwhile. Open the page again."
    )


class NotSearchable(Problem):
    """Only sealed columns are searched by their whole value; other columns have filters."""

    type, status = "column-not-searchable", 422
    title = _("This column cannot be searched by its whole value")
    template = _(
        "Column {column} is not sealed, or this ledger has no such column. Filter the list instead."
    )


class BadValue(Problem):
    """The corrected value does not fit the type or the code list of its column."""

    type, status = "bad-column-value", 422
    title = _("The value does not fit the column")
    template = _("Column {column} does not accept this value: {why}. Correct the value.")


class MoveImpossible(Problem):
    """The entry's state machine does not allow this move from the present state."""

    type, status = "move-impossible", 409
    title = _("This move is not possible")
    template = _(
        "The entry is in the state “{state}”, from which it cannot go to “{to}”. It can go to: {possible}."
    )


class MoveLacks(Problem):
    """The move needs values, or documents seen, that neither the entry nor the request has."""

    type, status = "move-lacks-values", 422
    title = _("Something is missing for this move")
    template = _("The move needs: {columns}. Give these with the move.")


class NotOfMove(Problem):
    """The column does not belong to this move."""

    type, status = "column-not-of-move", 422
    title = _("This column does not belong to the move")
    template = _(
        "Column {column} does not belong to this move, which takes: {columns}. Correct it by itself."
    )


class AlreadyOffered(Problem):
    """The vacancy was suggested or offered to the person already."""

    type, status = "already-offered", 409
    title = _("Offered already")
    template = _(
        "This vacancy was offered to this person on {day}; the offer is in the state “{state}”. Go on with that offer, or suggest another vacancy."
    )


class NotSuitable(Problem):
    """Something excludes the match: of the person, or of the vacancy."""

    type, status = "not-suitable", 409
    title = _("This vacancy cannot be suggested to this person")
    template = _(
        "The vacancy cannot be suggested: {why}. If that is no longer so, correct it first."
    )


class SuggestionVoided(Problem):
    """The offer of today was voided, so that a further suggestion would have no row."""

    type, status = "suggestion-voided", 409
    title = _("This offer was voided today")
    template = _("The offer of this vacancy was voided today. Undo that instead.")


class OfferGoesOn(Problem):
    """Somebody decided something about the offer since it was suggested."""

    type, status = "offer-goes-on", 409
    title = _("The offer has gone on")
    template = _(
        "Something was decided about this offer since it was suggested. Undo that first, the latest first."
    )


class AlreadyDone(Problem):
    """The act was already undone, the exception already resolved, or the two entries already merged."""

    type, status = "act-already-done", 409
    title = _("Already done")
    template = _(
        "This was already done, so nothing was changed. Reload the page to see the present state."
    )


class NotOffered(Problem):
    """The exception cannot be resolved in this way: its kind offers others, or the entry is in another state now."""

    type, status = "resolution-not-offered", 409
    title = _("This resolution is not offered")
    template = _(
        "This exception cannot be resolved in this way. Load it again and take one of its suggestions."
    )


class ResolutionLacks(Problem):
    """The resolution needs something that the request does not give, or names a source that it cannot take."""

    type, status = "resolution-lacks", 422
    title = _("Something is missing for this resolution")
    template = _("The resolution needs “{needs}” as the exception's suggestions give it.")


class OtherOffice(Problem):
    """The two entries are kept by different offices, each of which keeps its own row."""

    type, status = "entries-of-two-offices", 409
    title = _("Two offices keep these entries")
    template = _(
        "Each office keeps its own row, so entries of two offices are not joined. Settle the link between them instead."
    )


class LinkActOutOfPlace(Problem):
    """The link is not in a state in which the desk can state this; somebody may have been faster."""

    type, status = "link-act-out-of-place", 409
    title = _("This cannot be stated now")
    template = _(
        "The link is not in a state for this, so nothing was changed. Reload the page to see the present state."
    )


class SamePerson(Problem):
    """The person who stated something for one desk tries to agree to it for the other."""

    type, status = "same-person-at-both-desks", 403
    title = _("Another person must agree")
    template = _(
        "You stated this yourself for the other office. Ask somebody else of this office to agree."
    )


class NoSuchRule(Problem):
    """The rule table has no such key, or nobody decided such a value in the reader's areas."""

    type, status = "no-such-rule", 404
    title = _("No such rule")
    template = _("There is no rule like this in your areas. Open the list of rules again.")


class RuleNotYours(Problem):
    """The rule is decided by a wider area than the user's, or for another area, or only with a release."""

    type, status = "rule-not-yours", 403
    title = _("This rule is decided elsewhere")
    template = _("You cannot change the rule {key} for this area: {why}.")


class BadRule(Problem):
    """The value, the area or the days of a rule do not fit."""

    type, status = "bad-rule", 422
    title = _("The rule does not fit")
    template = _("The rule {key} cannot be changed like this: {why}.")


class RuleWithdrawn(Problem):
    """The change of the rule was withdrawn before."""

    type, status = "rule-withdrawn", 409
    title = _("This change is withdrawn already")
    template = _("Somebody has withdrawn this change already. Open the list of rules again.")

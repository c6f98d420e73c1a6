"""Records that were sent to try the draft of a form: kept apart from all others, and gone with the draft."""

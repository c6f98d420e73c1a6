"""The OpenRosa conformance suite: one test per number of the checklist, over HTTP against a running server."""

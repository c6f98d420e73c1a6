"""The OpenRosa conformance suite: a test for each number of the checklist, over HTTP against a running server."""

"""A made-up ledger, and what shows that its declaration is all it takes (tests/rooms/test_twentieth_ledger.py)."""

"""Derived columns: pure functions of ledger facts, a date and the rule table (domain §4)."""

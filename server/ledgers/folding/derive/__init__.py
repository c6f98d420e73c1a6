"""Derived columns: pure functions of ledger facts, a day and the rule table (rules.md)."""

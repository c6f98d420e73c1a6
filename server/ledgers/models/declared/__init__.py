"""The ledgers L8–L19 and their parts. A module here is a ledger: nothing else has to name it (fold.md, Adding a ledger)."""

"""The fold: from contributions to ledger rows, rule by rule. Pure: knows no storage."""

"""From ordered contributions to rows: one module a ledger. Pure; rows are plain values by database column."""

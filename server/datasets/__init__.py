"""Entity lists of the office's own, which forms declare and fill, beside those that are read from the ledgers (decision 0380)."""

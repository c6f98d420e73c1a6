"""Reads of the ledgers, each through the reader's access."""

"""Facts: what is read of the ledgers, what follows from it day by day (pure), and keeping the tables in step."""

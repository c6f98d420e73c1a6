"""What reports are: periods, indicators, tables and balances. Declared once; no table of the database is read here."""

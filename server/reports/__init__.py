"""Facts over time out of the ledgers, and the reports that are counted from them (api_docs/reports.md)."""

"""Answers that the office sends back to the worker who gave them, and the records that correct them (decision 0353)."""

"""Erasing data for good, by two administrators, and what stays of them (decision 0286)."""

"""Old ledgers that offices kept in Excel, taken in as records of level V0 (rules.md, Verification levels V0–V4)."""

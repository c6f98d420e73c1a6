"""The log of acts: who did what, when, from where, and why. Append-only and chained by hashes; holds no ID numbers, phones or tokens."""

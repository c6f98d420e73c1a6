"""The public bulletin of vacancies: which offices have one, and what it shows to everybody (decision 0391)."""

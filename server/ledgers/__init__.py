"""The ledgers of persons, households, employers, vacancies, assistance cases and visits.

Owns the column declarations, identity, the fold, provenance, exceptions and the entity
lists for phones. Every row is a deterministic fold over what was received and decided
(fold.md, The idea); the room never edits a row in place. It does not own the raw submissions.
"""

"""Looking behind masks: revealing values, searching by number, export permits, and their limits.

Everything here needs a role and a reason, is limited by the rule table, and is recorded
(security.md, Masks; decisions 0255–0257).
"""

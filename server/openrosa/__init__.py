"""The door for ODK Collect and other OpenRosa clients: authenticates them, parses requests, renders XML.

Holds no rules. Which forms a person gets, and what becomes of a submission, is decided in the rooms.
"""

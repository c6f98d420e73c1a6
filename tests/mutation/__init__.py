"""Mutation runs: do the tests notice when one operator, constant or branch of a rule is changed? (api_docs/testing.md)"""

"""Ruhu's management commands, which `./ruhu COMMAND` runs."""

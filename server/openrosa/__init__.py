"""The door for ODK Collect and its kin: authenticates, parses requests, renders OpenRosa XML. No rules."""

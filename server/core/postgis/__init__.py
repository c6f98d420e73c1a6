"""Django's PostGIS backend, whose cursors send a request's areas in front of the statements that need them."""

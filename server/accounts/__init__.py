"""Users, roles scoped to a division, field accounts (app-user tokens), and the access rules every selector uses."""

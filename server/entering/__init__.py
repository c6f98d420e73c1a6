"""Records that office staff fill in at the desk: which forms, the first answers of a form that is started for somebody, the way in."""

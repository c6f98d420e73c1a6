"""Settings, URLs, WSGI, and the steps that run after a submission or a publication."""

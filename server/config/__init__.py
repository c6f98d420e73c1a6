"""Settings, URLs, WSGI, and the one place that names what follows a submission."""

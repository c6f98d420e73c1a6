"""The web server: gunicorn with a worker whose threads never wait for a caller (decision 0220).

`worker` takes connections and hands whole requests to threads; `incoming` puts a request
together from the bytes that arrive; `line` sends answers to callers that read slowly;
`limits` says how much of everything a caller may have.
"""

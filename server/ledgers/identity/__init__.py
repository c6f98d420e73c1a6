"""Who is who: the keys of an entry, and which keys belong together. Pure."""

"""From a received instance to contributions: the form's mapping, extraction, conversion of answers. Writes nothing."""

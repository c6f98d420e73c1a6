"""What was received, byte for byte: instances, attachments, edits, review decisions, and the worker's queue."""

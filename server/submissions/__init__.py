"""What was received, byte for byte: instances, attachments, edits, review decisions, quarantine, the waiting queue."""

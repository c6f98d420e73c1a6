"""What things look like on the wire, and what their lists are narrowed by."""

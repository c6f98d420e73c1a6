"""The console's pages, one module per subject. Views fetch through selectors, write through services, and render."""

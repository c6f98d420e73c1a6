"""From changed contributions to changed rows: merging a batch of submissions, folding what it touches, rebuilding everything."""

"""What office staff do with ledger entries: desk acts, looking behind the mask, closing exceptions."""

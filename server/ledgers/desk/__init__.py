"""What office staff do with ledger entries: deciding about them, revealing masked values, resolving exceptions."""

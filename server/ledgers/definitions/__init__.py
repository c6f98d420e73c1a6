"""What the ledgers are: their columns, what a form may save to them, one spelling for what is written in them."""

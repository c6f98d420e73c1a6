"""The ledgers as ODK entity lists: what phones get, entity versions, and what forms claim of entries."""

"""The ledgers as ODK entity lists: what phones get, entity versions, what forms claim about entities."""

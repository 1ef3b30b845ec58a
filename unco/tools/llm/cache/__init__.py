"""Cache of replies that were paid for: the store, one call for equal questions, maintenance."""

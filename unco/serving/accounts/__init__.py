"""Who may ask and who pays: tokens, the ledger of what is spent, and the purse of a request."""

"""My accounts: I add the account of a water or postal bill once, and its bills come to me."""

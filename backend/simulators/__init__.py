"""Partners as small servers of their own, for the demo and the tests; nothing else imports them."""

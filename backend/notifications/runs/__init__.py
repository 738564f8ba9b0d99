"""Push runs: the pushes of one bill run, which two people let go and anybody can stop."""

"""The outside world, one partner per file: the promise, the real one, and a stand-in where honest."""

"""What a department is told: signed calls to its own address, tried again, and replayable."""

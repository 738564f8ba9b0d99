"""What became of what a department had told: taken, pushed, read, and nothing of who it was told."""

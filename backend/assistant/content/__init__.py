"""What the staff write under `intents/`: its shapes, its rules, and how it is read safely."""

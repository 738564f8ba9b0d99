"""What the bank tells us: verified, stored, acknowledged, and only then acted upon."""

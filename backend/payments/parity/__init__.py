"""Books against bank: each night what does not agree becomes a work list; what was settled, by day."""

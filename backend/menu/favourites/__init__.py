"""Services that I keep at hand."""

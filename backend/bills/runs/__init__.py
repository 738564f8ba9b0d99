"""Bill runs: a department's whole file of bills, refused whole or posted whole, and stoppable."""

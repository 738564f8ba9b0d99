"""The outbox: one row per push and device, claimed in batches, sent, and settled.

Claim and outcome are commits of their own, and no row is locked while the partner is asked. A worker
that dies in between leaves a lease behind; when that runs out the push is tried again, under the same
collapse key, so that a phone shows it once.
"""

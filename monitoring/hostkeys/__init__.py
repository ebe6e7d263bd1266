"""SSH host keys: the first one that a device shows is kept, another one later gets nothing and is told.

`keys` is what a session over SSH needs (no tables), `known` what is remembered and decided. Whoever opens a session reads
the keys before, hands a `Verifier` in, and saves afterwards what it saw.
docs/decisions/0023-host-keys-at-first-use.md says why it is as it is.
"""

"""The demo region: invented municipalities and people, a register, promises, and a history made the same each time."""

"""The wiring: settings, URLs, processes. It may import every floor, and no floor imports it."""

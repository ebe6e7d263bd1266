"""Kill and count: every part of a running installation is killed under load, then what was acknowledged is counted."""

"""docs/operations.md, followed to the letter on a Debian of one's own: an overlay over this machine, without its network.

`namespace.sh` makes the machine, `drive.py` types the document's blocks into a shell there, `stand_ins/` are what that
machine lacks: systemd, an editor with a person in front of it, and a registry of packages.
"""

"""Pages of monitoring that the declarations in pages.py do not give by themselves."""

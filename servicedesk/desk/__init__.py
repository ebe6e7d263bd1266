"""Pages of the desk, a package for each theme."""

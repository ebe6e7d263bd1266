"""Ways in which the register is filled other than by hand."""

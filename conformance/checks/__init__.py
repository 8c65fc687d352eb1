"""For each room: how to draw a call of each operation, and the laws that the operation obeys."""

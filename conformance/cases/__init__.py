"""For each room: the calls that the suite draws of each operation, and the laws that the operation obeys."""

"""Numbers that are arrays: one reading of the reference's own text answers for thousands of elements."""

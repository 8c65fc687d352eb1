"""Counterparts of the reference's functions in other libraries, one thin module each."""

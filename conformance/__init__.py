"""The conformance suite: holds any implementation of the reference's functions to the arithmetic it claims.

An implementation conforms if it is at least as accurate as the reference algorithm itself would be, executed in the
implementation's own arithmetic, in the least favourable order of summation.
"""

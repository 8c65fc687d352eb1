"""The same functions as `reference`, over NumPy arrays and fast: `fast.cpu` with Numba, `fast.cuda` on a GPU."""

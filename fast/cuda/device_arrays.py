"""Arrays on the device in, arrays on the device out: what every public function of `fast.cuda` is wrapped in.

The ladder that led here:

1. NumPy arrays in, NumPy arrays out: every call copies its arguments to the device and its results back, which takes
   far longer than most kernels.
2. A second function for device arrays beside each one: twice the names, and arguments that nobody checks.
3. One function, whose body computes from arrays on the device to arrays on the device, whatever was given. Arguments
   on the device it gets as stand-ins (`stand_ins`), which are checked as NumPy arrays are; `to_device` makes what
   lies there already of the one, and a copy of the other. The results of a call with NumPy arrays are copied to the
   host here, behind the body.

Nothing is copied unasked: arguments are all on the device, or none is. Numbers that have to be looked at, such as
indices, with which a kernel would read past the end of an array if they were wrong, are looked at by kernels as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from fast.cuda.device import SIMULATED, STREAM, cuda, to_host
from fast.cuda.stand_ins import stand_in
from fast.cuda.streams import wait_for
from reference.errors import InvalidArgument

Function = Callable[..., Any]
#: What need not be asked whether it is on the device, which takes time: NumPy's arrays aren't, though Numba has some
#: whose memory the device sees, too.
ON_HOST = np.ndarray, float, int, str


def takes_device_arrays(function: Function | None = None, *, hyperparameters: Iterable[str] = ()) -> Any:
    """Make a function of NumPy arrays or arrays on the device of one that returns arrays on the device.

    Args:
        function: the one that returns arrays on the device; left out where there is more to say, as in
            `@takes_device_arrays(hyperparameters=["learning_rate"])`.
        hyperparameters: arguments that may be arrays, and are wanted on the host wherever the others are.
    """

    def wrap(function: Function) -> Function:
        names = list(inspect.signature(function).parameters)

        def make(name: str, value: Any) -> Any:
            if name not in hyperparameters:
                return taken(name, value, stand_in)
            return taken(name, value, to_host) if is_on_device(value) else value

        @wraps(function)
        def called(*arguments: Any, **named: Any) -> Any:
            if not (any(map(is_on_device, arguments)) or any(map(is_on_device, named.values()))):
                return of_each(to_host, function(*arguments, **named))
            # Those beyond the names are for Python to refuse.
            given = [make(name, value) for name, value in zip(names, arguments, strict=False)]
            others = {name: make(name, value) for name, value in named.items()}
            return of_each(handed_out, function(*given, *arguments[len(names) :], **others))

        return called

    return wrap if function is None else wrap(function)


def is_on_device(value: Any) -> bool:
    """Whether a value is an array on the device, or a tuple that has one."""
    if isinstance(value, ON_HOST):
        return False
    if isinstance(value, tuple):
        return any(map(is_on_device, value))
    return hasattr(value, "__cuda_ndarray__") or hasattr(value, "__cuda_array_interface__")


def taken(name: str, value: Any, make: Function) -> Any:
    """An argument, in which arrays on the device are replaced by what is made of them."""
    if isinstance(value, tuple):
        return tuple(taken(f"{name}[{place}]", part, make) for place, part in enumerate(value))
    if isinstance(value, np.ndarray):
        raise InvalidArgument(name, "a device array like the others (none is copied)", "a NumPy array")
    return make(numba_array(name, value)) if is_on_device(value) else value


def numba_array(name: str, value: Any) -> Any:
    """An array on the device as Numba has it, in the same memory, once what is being written there is written."""
    if hasattr(value, "__cuda_ndarray__"):  # Numba's own
        array = value
    elif SIMULATED:
        raise InvalidArgument(name, "an array of numba.cuda: the simulator has no others", type(value).__name__)
    else:
        array = cuda.as_cuda_array(value, sync=False)
    if not array.is_c_contiguous():
        came = f"shape {list(array.shape)} with strides of {list(array.strides)} bytes"
        raise InvalidArgument(name, "a C-contiguous array on the device", came)
    wait_for(array.stream)
    return array if array.stream is STREAM.get() else array.bind(STREAM.get())


def handed_out(array: Any) -> Any:
    """A result that says on which stream it is written."""
    return array.bind(STREAM.get()) if STREAM.get() else array


def of_each(function: Function, result: Any) -> Any:
    """What a function makes of each array of a result, in tuples as before."""
    if isinstance(result, tuple):
        parts = [of_each(function, part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return function(result)

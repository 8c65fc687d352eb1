"""A process that runs checks of one implementation, so that whatever it does to itself costs one check only.

Started as `python -m conformance.worker FD NAME CASES SEED MEMORY`; FD is its end of a connection. It says hello, then
runs what it is asked to, saying before each check that it starts, so that nobody need ask a dead process what it did.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import traceback
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

DEFAULT_CASES = 200


def main(arguments: list[str]) -> None:
    """Serve until the connection closes."""
    descriptor, name, cases, seed, memory = arguments
    connection = Connection(int(descriptor))
    _limit_memory(int(memory))
    sys.path.insert(0, os.getcwd())
    # Imported here, so that what goes wrong while loading is told as the implementation's failure.
    from conformance.implementation import load
    from conformance.operations import operations

    try:
        implementation = load(name)
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}"
        _send(connection, kind="unusable", reason=reason, details=traceback.format_exc(limit=-3))
        return
    wanted = int(cases) or implementation.cases or DEFAULT_CASES
    _send(
        connection,
        kind="hello",
        description=implementation.description,
        cases=wanted,
        provides=[operation for operation in operations() if implementation.function(operation)],
        skipped=implementation.skipped,
        known_deviations=[[*key, reason] for key, reason in implementation.known_deviations.items()],
    )
    _serve(connection, implementation, wanted, int(seed))


def _serve(connection: Connection, implementation: Any, cases: int, seed: int) -> None:
    from conformance.checking import run_check, subject_of
    from conformance.kinds import checks_of
    from conformance.operations import operations

    # Rounded numbers come by the million and hold no cycles: looking for some so often takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    while True:
        try:
            task = json.loads(connection.recv_bytes())
        except EOFError:
            return
        operation = operations()[task["operation"]]
        subject = subject_of(implementation, operation, task["dtype"], cases, seed)
        for check in checks_of(operation):
            if subject and check.name in task["checks"]:
                _send(connection, kind="start", check=check.name)
                known = implementation.known_deviation(operation.name, check.name) is not None
                result = run_check(implementation, replace(subject, shrink=not known), check)
                _send(connection, kind="result", result=result.as_json())
        _send(connection, kind="done")


def _limit_memory(gibibytes: int) -> None:
    """Let allocations fail before the machine runs out; address space that is only reserved doesn't count."""
    if gibibytes:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (gibibytes << 30, hard))


def _send(connection: Connection, **message: Any) -> None:
    connection.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    main(sys.argv[1:])

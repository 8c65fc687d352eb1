"""The report as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any


def document(data: dict[str, Any]) -> str:
    """The report's data as a JSON text."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

"""What convolution and pooling share."""

from __future__ import annotations

#: How TensorFlow spells the paddings.
SPELLED = {"valid": "VALID", "same": "SAME"}

"""Test vectors: calls with exact results and allowed errors as JSON, to judge implementations in any language."""

"""The Astro API facts that we rely on, as data (`astro-v1.json`); requests and answers are checked against them."""

from astroferry.simulator.contract.check import (
    FieldError,
    Operation,
    find_operation,
    methods_of,
    operations,
    read_query,
    schemas,
    validate_answer,
    validate_request,
)

__all__ = [
    "FieldError",
    "Operation",
    "find_operation",
    "methods_of",
    "operations",
    "read_query",
    "schemas",
    "validate_answer",
    "validate_request",
]

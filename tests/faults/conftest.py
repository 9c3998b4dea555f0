"""Fixtures of the fault tests."""

from support.worker_desk import desk, problem

__all__ = ["desk", "problem"]

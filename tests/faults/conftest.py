"""Fixtures of the fault tests."""

from worker_desk import desk, problem

__all__ = ["desk", "problem"]

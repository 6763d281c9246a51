"""Measurements of every resource of a world: pure functions of seed, resource, metric and time. Nothing is stored."""

from sandbox.telemetry.measurements import Measurements

__all__ = ["Measurements"]

"""DigitalOcean on loopback: a real HTTP server that behaves like the API, for demos and tests."""

from integration_tests.sandbox.client import Sandbox

__all__ = ["Sandbox"]

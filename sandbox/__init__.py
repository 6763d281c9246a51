"""DigitalOcean on loopback: a real HTTP server that behaves like the API, for demos and tests."""

from sandbox.client import Sandbox

__all__ = ["Sandbox"]

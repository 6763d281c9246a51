"""When Python looks for garbage: not while a command starts, soon while records pass."""

import gc

# New objects that may wait while records pass. The CDK leaves reference cycles, of which 50,000 objects are 5 MB.
_WAITING = 10_000


def collect_later() -> None:
    """Begin a command: modules, manifest and schemas stay. To look at them again and again is 7 % of a start's CPU."""
    gc.disable()


def collect_soon() -> None:
    """Begin a read, of hours maybe: nobody needs to look again at what has been loaded, so it is set aside.

    That freed memory is used again by all threads is a matter of the C library's environment: see the Dockerfile.
    """
    gc.freeze()
    gc.set_threshold(_WAITING, 20, 100)
    gc.enable()

"""What all tests share: the same inputs for property tests every time, and signals as a terminal leaves them."""

import signal

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")

# A shell starts what runs in the background with SIGINT ignored, which is passed on to what tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

"""The local sync, with a scripted connector in place of the real one."""

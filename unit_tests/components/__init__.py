"""The connector's dense parts, tested directly."""

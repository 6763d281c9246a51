"""The Python parts that the manifest names, one concern a file. None of them knows a particular stream."""

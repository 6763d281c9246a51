"""Side by side in one run, on the same server: this connector, its peers and a floor (`python -m benchmarks`)."""

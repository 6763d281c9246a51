"""The main job from end to end: connect, check, discover, sync into a warehouse, and read what it says."""

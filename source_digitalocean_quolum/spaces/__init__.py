"""Buckets of Spaces, DigitalOcean's object storage: a server of its own in each region, with keys of its own."""

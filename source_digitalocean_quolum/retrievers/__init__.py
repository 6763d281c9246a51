"""Walks a list to its end: pages, their order, parents, prefetch, keys, and the records of an answer."""

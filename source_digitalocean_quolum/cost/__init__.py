"""What money was spent on: the feature and the resource of a billed line, and which invoices are still to be read.

It stands above `retrievers/` and `http/`, which know how DigitalOcean's API is asked, whatever it is about. Here is
what a line of a bill means (features.yaml, as metrics.yaml is for a measurement) and when a bill is final. The manifest
names these parts where it needs them; nothing below knows of them.
"""

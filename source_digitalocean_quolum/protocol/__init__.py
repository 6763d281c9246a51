"""From pages of records to lines on stdout.

A worker thread reads a partition page by page (line_reader.py), makes lines of its records (record_lines.py) and lets
the cursor see them (cursor_values.py). The CDK's main thread counts them and sets statuses and states between them
(cdk_ext/concurrent_read.py), and the entry point writes all of it to stdout (entrypoint.py).
"""

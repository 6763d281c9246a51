"""From pages of records to lines on stdout, and the one way out.

A worker thread reads a partition page by page (line_reader.py), makes lines of its records (record_lines.py) and lets
the cursor see them (cursor_values.py). The CDK's main thread counts them and sets statuses and states between them
(cdk_ext/concurrent_read.py). What is said of streams passes stream_messages.py; failed_streams.py has the last word.
The entry point (entrypoint.py) hands lines and messages to the output (output.py), where each of them, and whatever
else is printed or logged, passes the guard (guard.py, error_trace.py).
"""

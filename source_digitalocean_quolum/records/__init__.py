"""One answer and one record: the body of an answer, what is secret in it, and whether a record fits its schema."""

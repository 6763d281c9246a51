"""From pages of records to lines on stdout: the one way out."""

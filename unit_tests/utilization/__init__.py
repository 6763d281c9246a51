"""What a measurement means, tested on the table and on samples."""

"""Connect's requests and answers, tested directly."""

"""The one door for every request: endpoint facts, budget, retries, errors as words, OAuth, and what a run shares."""

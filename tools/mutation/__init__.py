"""Small changes on purpose to chosen modules, and which of them no test notices."""

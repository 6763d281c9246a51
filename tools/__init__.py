"""Tools for those who change the connector; nothing here is shipped."""

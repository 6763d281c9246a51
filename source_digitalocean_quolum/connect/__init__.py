"""Connect and Reconnect for the command line: authorization code, loopback redirect, configuration file."""

"""The two APIs that samples come from, Insights and Monitoring: each makes them the same metric intervals."""

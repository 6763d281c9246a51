"""Utilization by feature: what the company's resources really do, from DigitalOcean Insights or Monitoring."""

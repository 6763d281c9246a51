"""What one does with the landed data: a host for one machine (sync), models, a dashboard."""

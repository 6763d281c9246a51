"""What the connector is measured against: each a program that reads /v2/droplets of a base URL to its end."""

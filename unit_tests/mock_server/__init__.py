"""The connector at Airbyte's boundary: messages in, messages out, DigitalOcean mocked."""

"""Every reach into private parts of airbyte-cdk and requests."""

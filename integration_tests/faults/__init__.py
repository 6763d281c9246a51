"""What happens when DigitalOcean, the network, the host or the input misbehaves."""

"""Runs the connector: python main.py spec | check | discover | read."""

from source_digitalocean_quolum.run import run

if __name__ == "__main__":
    run()

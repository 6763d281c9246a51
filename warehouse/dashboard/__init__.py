"""The preview dashboard: one HTML file of a warehouse's marts, which opens offline and fetches nothing."""

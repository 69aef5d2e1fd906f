"""The CA behind the smallest possible port, and its adapters."""

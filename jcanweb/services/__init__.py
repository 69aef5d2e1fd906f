"""What a registration authority does. Guard, change, record; flush, never commit; no Flask."""

"""What the console keeps in PostgreSQL: people and their sessions, lent tasks, submissions."""

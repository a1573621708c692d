"""PostgreSQL: connections, migrations, the log, state, journal and projections."""

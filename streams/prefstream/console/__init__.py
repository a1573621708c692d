"""The console: HTTP API and pages for people who label, review and lead, and for services."""

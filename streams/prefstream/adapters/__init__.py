"""What touches the world: Kafka, Postgres, language models, files, settings."""

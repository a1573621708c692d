"""Exchange with other systems, as pure mappings: webhooks, Label Studio, Argilla."""

"""The pages: HTML for people; whatever changes something goes through the API."""

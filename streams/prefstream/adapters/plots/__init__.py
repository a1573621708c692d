"""Pictures of how good judges are, as PNG files and in the terminal."""

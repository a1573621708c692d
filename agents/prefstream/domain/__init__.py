"""What is decided: plain functions of values, without clock, chance or network."""

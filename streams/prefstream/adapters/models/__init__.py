"""Models and what stands in for them: each performs the calls of one provider."""

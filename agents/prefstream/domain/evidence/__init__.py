"""Evidence: that the archive is what it was, shown by hashes that anybody can reckon again."""

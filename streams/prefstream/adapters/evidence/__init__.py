"""Evidence for outsiders: the script that checks a proof, and the key that signs checkpoints."""

"""Following files: identity, checkpoints, rotation, and reading. Rules are pure; disk.py is the only edge."""

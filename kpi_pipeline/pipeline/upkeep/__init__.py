"""The operator's steps: doctor, backup, retention."""

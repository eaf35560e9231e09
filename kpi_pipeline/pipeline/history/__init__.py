"""What earlier issues and builds showed, what it was made from, and which cases make the difference."""

"""People and what happens to them: stays, endings, other encounters, money, and faults in the files."""

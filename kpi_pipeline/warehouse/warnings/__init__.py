"""What a build tells of rows that are wrong, missing or half there: one module for each kind."""

"""What the department does about it, and the tables and true counts that follow."""

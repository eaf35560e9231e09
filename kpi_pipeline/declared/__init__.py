"""What people state in files: targets, commentary, initiatives, rebases. Types and YAML; nothing is judged here."""

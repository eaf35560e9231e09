"""What is expected of patients like these: fitting a risk model to a hospital's own stays, and judging the fit."""

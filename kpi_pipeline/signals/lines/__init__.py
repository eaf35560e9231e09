"""Centre lines and limits of every kind of chart."""

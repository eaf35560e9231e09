"""What chance alone gives: false signals, season."""

"""Other libraries' functions by lime's names."""

"""SQL files, identifiers and literals, and connections that reach nothing but their folders."""

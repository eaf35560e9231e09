"""Before a build: what is wrong with files, mappings, definitions and settings, and skeletons of new ones."""

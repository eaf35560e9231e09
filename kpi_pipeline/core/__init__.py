"""The ground floor: errors, settings, periods, resources, SQL files. Knows nothing about hospitals."""

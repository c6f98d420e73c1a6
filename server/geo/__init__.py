"""Divisions with their boundaries and validity, which division a point lies in, and the geometry of map tiles. Holds no personal data."""

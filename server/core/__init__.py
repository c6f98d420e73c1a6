"""What every room uses: problems, clock, XML parser, encryption at rest, file store, labels.

Has no models, knows no HTTP, and imports nothing of Ruhu but itself.
"""

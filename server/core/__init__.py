"""The foundation every room stands on: problems, clock, hardened XML, sealing, blobs, labels.

Owns no models and knows no HTTP. Imports nothing of Ruhu but itself.
"""

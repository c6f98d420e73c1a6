"""The demo street: a made-up street office's quarters, sent through the real accept path.

Pure but for `street`: `population` (who lives and works there), `defects` (what is wrong
with the data, in the proportions of domain §8), `boundaries` (where), `plan` (what is
sent when), `answers` and `instances` (how it is said in the published forms).
Every ID number has the unallocated prefix 4499, every phone is 020-0000xxxx.
"""

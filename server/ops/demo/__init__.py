"""The demo street: some quarters of a made-up street office, submitted through the real accept path.

Only `street` and `logins` read or write the database. The other modules are pure:
`population` (residents and employers), `defects` (faults in the data), `boundaries` (outlines
of the communities), `plan` (who is visited when), `answers` and `instances` (the answers and
the instance XML of each submission), `names`, `photos`.
Every ID number has the unallocated prefix 4499, every phone number is 020-0000xxxx.
"""

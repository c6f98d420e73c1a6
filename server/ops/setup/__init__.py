"""Set-up and supervision: from a bare machine to a served office, and a contributor's commands.

Standard library only, no Django: this code runs before there is a virtual environment. Every
step can be run again; a step that is done is recognised by a small stamp.
"""

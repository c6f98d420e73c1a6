"""Set-up and supervision (design §9): from a bare machine to a served `ruhu up`.

Standard library only, no Django: it runs before there is a virtual environment. Every
step can be run again; what is already done is recognised by a cheap stamp.
"""

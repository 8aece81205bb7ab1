"""FINN, as finn-plus, in a Python environment of its own; its packages and ours do not mix."""

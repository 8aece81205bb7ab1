"""What each operator of a file becomes: one file per kind of operator."""

"""Walk design points, evaluate each once, and keep what was found."""

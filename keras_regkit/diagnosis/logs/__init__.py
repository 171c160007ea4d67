"""Training logs of every format, read into columns; one file a format."""

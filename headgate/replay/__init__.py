"""`headgate replay`: a time range of the stream or of the archive, once more, under the same event ids."""

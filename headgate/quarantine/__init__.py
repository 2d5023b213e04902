"""`headgate quarantine`: what could not be processed is seen, mended, and put back on the stream."""

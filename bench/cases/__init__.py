"""The contestants: `prepare(url)` of each gives its tasks by name; a task is one call, checked before."""

"""The keys of the labs' tasks, one file a lab; each has `tasks(seed)`, a mapping from a task's name to its Task."""

"""What the store holds: message queues, record streams, and the backlog of asynchronous events."""

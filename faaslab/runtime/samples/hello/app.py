"""The smallest function: it imports nothing and greets whoever the event names."""


def handler(event, context):
    """event: {"name": text} or anything else; the answer is {"message": text}."""
    name = event.get("name", "world") if isinstance(event, dict) else "world"
    return {"message": f"Hello, {name}!"}

"""Names of resources as AWS writes them, for a region and an account that stand for this machine."""

REGION, ACCOUNT = "local", "000000000000"


def arn(service: str, resource: str) -> str:
    """The name that AWS would give to a resource of a service, such as "function:hello" of "lambda"."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

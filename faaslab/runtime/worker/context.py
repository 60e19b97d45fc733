"""The context object that a handler gets beside its event.

Source: AWS Lambda developer guide, "Using the Lambda context object to retrieve Python function information".
"""

import json
import os
import sys
import time

from .faults import CONTEXT_ERROR, Fault

W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class _Record:
    """Attributes with fixed names, None where nothing was given."""

    __slots__ = ()

    def __init__(self, given):
        for name in self.__slots__:
            setattr(self, name, given.get(name))

    def __repr__(self):
        fields = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{fields}])"


class CognitoIdentity(_Record):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Record):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")  # noqa: RUF023 - the order of its text


class ClientContext(_Record):
    __slots__ = ("custom", "env", "client")  # noqa: RUF023


class LambdaContext:
    """`headers`: those of the Runtime API's answer, names in lower case."""

    def __init__(self, headers):
        variable = os.environ.get
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = variable("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = variable("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = variable("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = variable("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        given = _parsed(headers.get("lambda-runtime-client-context"), "Client Context")
        self._w3c_fields = _take_w3c(given)
        self.client_context = None
        if given is not None:
            self.client_context = ClientContext(given)
            if self.client_context.client is not None:
                self.client_context.client = Client(self.client_context.client)
        identity = _parsed(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity") or {}
        self.identity = CognitoIdentity(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            }
        )
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the call's time limit, by the clock on the wall; 0 after it."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def w3c(self) -> dict:
        """Fields of the W3C trace context that came with the call."""
        return dict(self._w3c_fields)

    def log(self, message):
        """Write to the function's log as it is, without a line end."""
        sys.stdout.write(str(message))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")  # fmt: skip
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in names)}])"


def _parsed(header, name):
    if not header:
        return None
    try:
        return json.loads(header)
    except ValueError as error:
        raise Fault(CONTEXT_ERROR, f"Unable to parse {name} JSON: {error}") from None


def _take_w3c(given):
    """The trace context is taken out of the client context, where a caller put it."""
    fields = given.pop("w3c", None) if isinstance(given, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {name: fields[name] for name in W3C_FIELDS if isinstance(fields.get(name), str)}

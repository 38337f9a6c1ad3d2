"""The error of a call that the demo 1C refuses: `{error, message}` and a status."""


class RequestError(Exception):
    """A call that the service refuses.

    status: 400 for arguments, 403 for rights.
    code: stable, for programs; the message is for people.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

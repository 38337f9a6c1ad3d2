"""How the demo 1C says no: the contract's `{error, message}` with a status."""


class RequestError(Exception):
    """A call that the service declines.

    status: 400 for arguments, 403 for rights.
    code: stable, for programs; the message is for people.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

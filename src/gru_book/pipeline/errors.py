"""The one error that the command line shows as a single line."""


class BookError(Exception):
    """Something a reader or an author can set right: says what is wrong and what is allowed."""

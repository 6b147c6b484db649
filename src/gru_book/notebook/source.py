"""Code of the package, shown on a page as it stands there, so that a page never has a second version of it."""

import inspect
import textwrap

from IPython.display import Markdown


def show_code(thing) -> Markdown:
    """Return the source of a function or class as a block of code."""
    return Markdown(f"```python\n{textwrap.dedent(inspect.getsource(thing)).rstrip()}\n```")

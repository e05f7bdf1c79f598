"""What can be set, read once at a door; rooms receive frozen values and never look at the environment.

A flag wins over the environment, that over the nearest ``.env`` (searched upward), that over the nearest
``causal-eval.toml`` (searched upward), that over the default. Adding a setting = one entry in ``SETTINGS``
(``table.py``), one field of :class:`Settings` (``read.py``) and one line in ``docs/reference/settings.md`` (a test
compares the three).
"""

from causal_eval.settings.read import DOTENV_NAME, FILE_NAME, Flag, Settings, find_upward, parse_dotenv, read_settings
from causal_eval.settings.table import SETTINGS
from causal_eval.settings.words import read_duration, without_password

__all__ = [
    "DOTENV_NAME",
    "FILE_NAME",
    "SETTINGS",
    "Flag",
    "Settings",
    "find_upward",
    "parse_dotenv",
    "read_duration",
    "read_settings",
    "without_password",
]

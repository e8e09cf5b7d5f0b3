"""Makes `$string` behave as on AWS, where it writes all digits of a whole number below 1e21.

The engine's JSONata (`jsonata/functions.py:149`) writes an exponent from 1e15 on, and keeps 15 digits.
"""

from typing import Any

from jsonata.functions import Functions


def apply(encoder: Any = Functions.Encoder) -> None:
    encode = encoder.encode

    def with_all_digits(self: Any, value: Any) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and abs(value) < 1e21 and value == int(value):
            return str(int(value))
        return str(encode(self, value))

    encoder.encode = with_all_digits

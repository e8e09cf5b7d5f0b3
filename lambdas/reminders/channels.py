"""The channels that a reminder goes out by. Pure."""

ADDRESSES = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone"), "topic": ()}
"""The fields that each preference sends to."""

CHANNEL_OF = {"email": "email", "phone": "sms"}
"""The channel that each address is for."""

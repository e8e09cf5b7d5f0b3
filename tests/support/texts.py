"""Texts without a visible character, and unusual texts that are valid."""

INVISIBLE = [
    *("", " ", "   ", "\t\n", "\u00a0", "\u2003\u3000", "\u200b", "\u200c\u200d", "\u200e\u200f", "\u202a\u202c"),
    *("\u2060", "\u2066\u2069", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180b"),
    *("\u180e", "\u3164", "\uffa0", "\u2800", "\u2800 \u2800", "\ufe0f", "\U000e0100", "\U000e0041", "\U0001d159"),
    *("\U0001d173", "\u2065", "\u0301", "\u0301\u0301", "\u20dd", "\u093e", "\ufff9", "\u2028", "\u2029", "\x00"),
    *("\x85", "\ufdd0", "\U0001fffe"),
]
PERSIAN, HEBREW, FAMILY = "شاه\u200cنامه", "\u200fדוד\u200e", "👨\u200d👩\u200d👧"
VISIBLE = [
    *("a", ".", "-", "0", "é", "e\u0301", "李雷", "محمد", PERSIAN, HEBREW, "ก็", "क\u094dष", "🐈", FAMILY, "❤\ufe0f"),
    *("🏴\U000e0067\U000e0062\U000e007f", "☐", "€", "\u3131", "\uac00", "\ufffc", "\ue000", " x ", "\u200bx"),
    # This Python may have an older version of Unicode, in which this character is unassigned.
    "\U0001fae9",
]

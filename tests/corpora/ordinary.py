"""Ordinary texts without a card number: order numbers, names, items, prices and reminders of businesses and people.

Formats that docs/card-numbers.md lists as indistinguishable from a card number are left out.
"""

import base64
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

LETTERS, HEX = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789abcdef"

ORDER_IDS = (
    """
%Y%m%d-nnnnn|%Y%m%d-nnnn|S#-%Y%m%d-nnnnn|S#-%Y%m%d-nnnnnnn|S##-%Y%m%d-nnnnnn|EU##-%Y%m%d-nnnn|#-%Y%m%d-nnnnnnn
INV-#-%Y-%m-%d-nnnnn|INV-#-%Y-%m-%d-nnnnnnn|ORD-%Y-nnnnnn|DE-%Y-nnnnnn|AA-1nnn-%y%m%d-nnnnn|%Y-%m-%d-nnnnnn
%d%m%Y-nnnnnn|%d-%m-%Y-nnnnnnnn|%y%m%d-%H%M%S-nnnn|%y%m%d-nnnn-nnnnnn|###-####-#nnnnnnnnn|%Y%m%d%H%M%S
%Y%m%d%H%M%Snnn|%Y%j-nnnnn|FY%y-%m-nnnnnn|####-%m-%Y%m%d-nnnn|###-%Y%m%d-nnnnn|####.%m.%d%m%y.nnnn|%Y%m-#nnnn-nnnnn
#-%Y-%W-nnnnnnn|####-%Y-nnnnnnnn|%Y.%m.%d.nnnn|45nnnnnnnn|45nnnnnnnn-00010|45nnnnnnnn-000010|45nnnnnnnn.00020
45nnnnnnnn-00010-0001|55nnnnnnnn-00010|0000nnnnnn|51nnnnnnnn-%Y-1000|S00nnn|SO00nnnn|PO-nnnnnn|WH-OUT-0nnnn
SO-nnnnn-n|SORD-nnnnnn|10#nnnn|000000nnn|#nnnnnnnn-1|VK%ynnnnn|RE-%Y-nnnn|AB_nnnnnn|302-nnnnnnn-nnnnnnn
304-nnnnnnn-nnnnnnn|114-nnnnnnn-nnnnnnn|503-nnnnnnn-nnnnnnn|407-nnnnnnn-nnnnnnn|##-nnnnn-nnnnn|1nnn
8nnnnnnnnnnnnnnn|1nnnnnnnnnnnnnnn|#nnnnnnnnn|#nnnnnnnnnnnn|103nnnnnnnnnnn|GPA.33nn-nnnn-nnnn-nnnnn|WA#nnnnnnn
#nnnnnn-nnnnnn|PO-2##-7nnnnnnnnnnnnnnnnnn|50nnnnnnnn-0000nn|#nnnn-nnnnnn|C#nnnn.nnnn|0nnnnnnnnnnnnn|9nnnnnnnnnnnnn
1Z###AA1##nnnnnnnn|pi_3AaAaAaLkdIwHu7ix28a3tqPa|ch_1AaAaAnnAaAa|cs_test_a1AAnnAAnn|in_1AaAannnn|AA-nnnnn-AA
AAAA-nnnn-AAAA|AAAnnnAAA|XAAnnnnnnnnnAA
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
"""Patterns: # is a digit from 1 to 9, n is any digit, A is a letter, and %Y and the like are codes of strftime."""

NAMES = (
    """
Ada Lovelace|Dr. Jürgen Weiß|O'Brien, Siobhán|山田 太郎|Иван Петров|محمد بن سلمان|3M Deutschland GmbH|Ward 3000
Flat 12 ####|Hotel 1000, Zimmer ###|1-800-Flowers|Apt. ####, #### Amphitheatre Pkwy|Kunde ####-nnnn
Kd.-Nr. #nnnnnnn|DHL Packstation ###, Postnr. #nnnnnnn|Lager ##, Halle ##, Tor #|Jo Meyer (*19##)
Meier & Söhne, Tel. +49 30 #nnnnnn|USt-IdNr. DE#nnnnnnnn|SIREN ### nnn nnn|c/o Firma # Freunde|Raum #-## / ##
Filiale #nnn|#### Degrees Ltd|Anna ##.##.19##
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

ITEMS = (
    """
Lamp|Schraube M8x40 DIN 933|Kugellager 6204-2RS|Tisch ###×##×## cm|Kabel ####x###x## mm|#### #### #### mm
Lot ##00 ##00 ##00|Part no. ####-nnnn-nnnn|P/N #nnnnnn-nnn Rev A|Art.-Nr. #nnnnnnnnn|EAN {ean}|{ean} Lamp
{ean}, ## Stück|GTIN {ean} ### pcs|UPC {upc}|ISBN 978-3-16-nnnnnn-n|IMEI {imei}|Phone, IMEI 35-nnnnnn-nnnnnn-n
SIM 8949 nnnn nnnn nnnn nnn|S/N #nnnnnnnnnnn|S/N 5CGnnnnAAA|NSN 5905-00-nnn-nnnn|RAL #nnn, #nnn, #nnn
Ticket %d.%m.%Y %H:%M Reihe ## Platz ##|Abo %d.%m.%Y - %d.%m.%Y|Hotel %Y-%m-%d to %Y-%m-%d
MHD %d/%m/%Y, Charge %y%m%d-nnnn|%d-%m-%Y-%d-%m-%Y|Sizes 36, 37, 38, 39, 40, 41, 42|Größen 36 38 40 42 44 46 48 50
Reifen 205/55 R16 91V|SSD 2 TB, M.2 2280|f/2.8 24-70 mm ISO 100-25600|IP 192.168.#.## licence|① Lamp ② Cable ④ ##
10² / 10³ m²|HS ####.nn.nn, ### pcs|4000 3500 2500 1850 mm|3000/2500/2000/1500|CAS #nnn-nn-n|PZN nnnnnnnn
Order {order}|Spare for {order}, ## pcs|Bosch # nnn nnn nnn|Tone 1/### 2/### 3/###|4 5 3 4 5 5 4|Screen 2560×1440
#nnnnn|nnnnnnnn|{ean}|#nnnnnnnnn|#nn-nnn|##.nnn.nn
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

MESSAGES = (
    """
Call Jo at +49 30 #nnnnnn|Call +1 (415) 555-nnnn or +44 20 7946 0nnn|+36 30 nnn nnnn ext. nnn|+36 1 nnn nnnn / nnnn
Order 45nnnnnnnn-0000n0 is late|Ticket 4nnnnnn-nnnnnnnnn|PO 45nnnnnnnn.000n0|SMS to +61#nnnnnnn: nnnnnn
Ring +52 55 nnnn nnnn: nnnnnn|Zoom Meeting ID: 8## #nnn nnnn Passcode: nnnnnn|Meeting ID 5## nnn nnnn / PIN nnnn
Dial +442034815237,,8##nnnnnnnn#|Teams 4## nnn nnn nnn nn, code AAAAAA|Pay rent to {iban}
IBAN {iban} BIC COBADEFFXXX|Überweisung an {iban}, ####,nn EUR|Sort code 20-nn-nn account nnnnnnnn
Konto #nnnnnnnnn, BLZ 50010517|Booking AAAAAA for %d %b %Y|Booking.com #nnn.nnn.nnn PIN nnnn
LH ### on %d.%m.%Y %H:%M, seat ##A, code AAAAAA|E-ticket 220-#nnnnnnnnn|ICE ### %H:%M Wagen ##
UPS 1ZAAAAAAnnnnnnnnnn|FedEx #nnn nnnn nnnn|USPS 94nn nnnn nnnn nnnn nnnn nn|USPS 9400nnnnnnnnnnnnnnnnnn
DHL #nnnnnnnnn / JD01nnnnnnnnnnnnnn|00340434nnnnnnnnnnnn|Invoice {order} is due|Order {order} and {order}
%Y-%m-%d %H:%M - %Y-%m-%d %H:%M: dentist|%d/%m/%Y %H:%M to %d/%m/%Y %H:%M|%d.%m. - %d.%m.%Y: away
Standup %H:%M, retro %H:%M, review %H:%M, %d.%m.%Y|Door code nnnn, Wi-Fi nnnnnnnn, alarm nnnnnn
GPS ##.nnnnnn, ###.nnnnnn|SIRET 3## nnn nnn nnnnn|Steuer-ID ## nnn nnn nnn|St.-Nr. ###/nnn/nnnnn, Frist %d.%m.%Y
Insurance no. ###-##-nnnn|Sprint ##: %Y-%m-%d/%Y-%m-%d|Ref ## nnnnn nnnnn nnnnn nnnnn nnnnn|+++nnn/nnnn/nnnnn+++
RF18 5390 0754 7034|Budget ###.nnn.nnn,nn EUR|ISBN 978-0-nn-nnnnnn-n and 3-nn-nnnnnn-n|uuid {uuid}
feed the cat # times|OTP nnn nnn
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

BANKS = {
    "DE": ("500105170000", "370400440000", "600501010000", "430609670000", "250501800000"),
    "AT": ("3200000", "4300000", "1904300"),
    "ES": ("2100", "3058", "0049"),
    "FR": ("14505", "42559", "30004"),
    "DK": ("0040", "5000"),
    "BE": ("539", "001"),
    "PL": ("10901014", "50102055"),
}
BBAN = {"DE": 18, "AT": 16, "ES": 20, "FR": 23, "DK": 14, "BE": 12, "PL": 24}


class Ordinary:
    """Makes random texts without a card number."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def order_ids(self, each: int = 120) -> list[str]:
        made = [self.text(pattern) for pattern in ORDER_IDS for _ in range(each)]
        return made + [one for _ in range(each) for one in self._programs()]

    def names(self, each: int = 40) -> list[str]:
        return [self.text(pattern) for pattern in NAMES for _ in range(each)]

    def items(self, each: int = 60) -> list[str]:
        return [self.text(pattern) for pattern in ITEMS for _ in range(each)]

    def messages(self, each: int = 60) -> list[str]:
        return [self.text(pattern) for pattern in MESSAGES for _ in range(each)]

    def encoded(self, each: int = 20) -> Iterator[str]:
        """Other texts in base64, URLs and HTML: tokens, links with dates and numbers, escaped names."""
        for _ in range(each * 20):
            token = self.random.randbytes(self.random.choice([12, 16, 32, 48]))
            yield base64.urlsafe_b64encode(token).decode().rstrip("=")
            yield base64.b64encode(token).decode()
        for text in [*self.messages(each), *self.names(each), *self.items(each)]:
            yield f"https://example.com/find?q={quote(text)}&page={self._digits(2)}"
            yield base64.b64encode(text.encode()).decode()
            yield text.encode("ascii", "xmlcharrefreplace").decode()
            yield text.encode("ascii", "backslashreplace").decode()

    def prices(self, each: int = 60) -> list[str | int | float]:
        """Prices as text and as numbers: with up to 13 digits before the point, and sums and products of floats."""
        made: list[str | int | float] = [
            "0",
            "-1",
            "12,50",
            "1e3",
            "free",
            "€12.50",
            "1.234,56",
            0.1 + 0.2,
            1e15,
            1e-12,
        ]
        for length in range(1, 14):
            for _ in range(each):
                whole, cents = self.text("#" + "n" * (length - 1)), self.text("nn")
                made += [whole, f"{whole}.{cents}", f"-{whole}.{cents[0]}", int(whole), float(f"{whole}.{cents}")]
        for _ in range(each * 20):
            made.append(
                self.random.choice([19.99, 4.99, 45.1, 5.55, 0.07]) * self.random.choice([1.19, 1.07, 3, 7, 1 / 3])
            )
            made.append(sum(self.random.choice([0.1, 0.7, 4.35, 9.95]) for _ in range(5)))
        return made

    def text(self, pattern: str) -> str:
        """A random text that follows a pattern."""
        day = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=self.random.randrange(15 * 366 * 86_400))
        made = day.strftime(pattern) if "%" in pattern else pattern
        for name, make in (("order", self._order), ("iban", self._iban), ("uuid", self._uuid)):
            while f"{{{name}}}" in made:
                made = made.replace(f"{{{name}}}", f"\0{make()}\0", 1)
        for name, length in (("ean", 13), ("upc", 12)):
            made = made.replace(f"{{{name}}}", f"\0{self._barcode(length)}\0")
        made = made.replace("{imei}", f"\0{self._with_luhn('35' + self._digits(12))}\0")
        kept = made.split("\0")
        return "".join(one if place % 2 else "".join(map(self._one, one)) for place, one in enumerate(kept))

    def _one(self, character: str) -> str:
        match character:
            case "#":
                return self.random.choice("123456789")
            case "n":
                return self.random.choice("0123456789")
            case "A":
                return self.random.choice(LETTERS)
        return character

    def _digits(self, length: int) -> str:
        return "".join(self.random.choices("0123456789", k=length))

    def _order(self) -> str:
        return self.text(self.random.choice([one for one in ORDER_IDS if one[0] in "ADEFISRPVW%"]))

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _programs(self) -> Iterator[str]:
        """Ids that programs make."""
        seconds = self.random.randrange(1_420_070_400, 1_900_000_000)
        yield self._uuid()
        yield self._uuid().replace("-", "").upper()
        yield "".join(self.random.choices(HEX, k=self.random.choice([40, 64])))
        yield "01" + "".join(self.random.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))
        yield str(seconds)
        yield f"{seconds}{self._digits(3)}"
        yield f"{self.random.randint(1, 9)}-{seconds}-{self._digits(3)}"
        yield f"{self.random.randint(1, 9)}-{seconds}-{self._digits(5)}"
        yield f"L5-{seconds}-{self.random.randint(1, 9)}-{self.random.randint(10, 9999)}"
        yield f"{self.random.randint(1, 999)}-{seconds}{self._digits(3)}"
        yield f"{seconds}{self._digits(6)}"
        # An id of Twitter, 2018 or later: milliseconds since 2010, and 22 more bits.
        yield str((seconds % 250_000_000 + 230_000_000) * 1000 << 22 | self.random.getrandbits(22))
        yield self._barcode(13)
        yield "1" + self._barcode(13)
        yield "3" + self._digits(17)
        yield self._iban().replace(" ", "")
        yield self._with_luhn("35" + self._digits(12))
        yield f"978{self._digits(10)}"
        yield f"DE{self._digits(9)}"

    def _barcode(self, length: int) -> str:
        digits = "4" + self._digits(length - 2)
        total = sum(int(one) * (3 if place % 2 == 0 else 1) for place, one in enumerate(reversed(digits)))
        return f"{digits}{-total % 10}"

    def _with_luhn(self, digits: str) -> str:
        return digits + check_digit(digits)

    def _iban(self) -> str:
        country = self.random.choice(list(BANKS))
        bban = self.random.choice(BANKS[country])
        bban += self._digits(BBAN[country] - len(bban))
        check = 98 - int("".join(str(int(one, 36)) for one in f"{bban}{country}00")) % 97
        whole = f"{country}{check:02}{bban}"
        return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def check_digit(digits: str) -> str:
    """The digit that a card number ends with if these are its other digits."""
    doubled = (int(one) * (1 if place % 2 else 2) for place, one in enumerate(reversed(digits)))
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)

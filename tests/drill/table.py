"""All drills. tests/tools/test_drill.py holds them to the alarms of the stages."""

from tests.drill.order_drills import ORDER_DRILLS
from tests.drill.reminder_drills import REMINDER_DRILLS

# The first one must see a cloud on which little has happened.
DRILLS = (*REMINDER_DRILLS, *ORDER_DRILLS)

"""What a resident may choose of pushes and reminders, and what holds until they do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preferences:
    """A resident's choices; as it stands here they are those of whoever chose nothing.

    Quiet hours are Hong Kong times, `HH:MM`; where both are the same there are none.
    """

    quiet_from: str = "22:00"
    quiet_until: str = "08:00"
    shows_details: bool = False  # department, amount and date on the lock screen
    reminds_before: bool = True
    reminds_on_day: bool = True
    reminds_overdue: bool = True
    tells_when_read: bool = False  # whether a department may know that its message was read

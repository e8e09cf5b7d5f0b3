"""The alarms of what both apps share, as data: the sign-in, and the API of people's own data."""

from dataclasses import replace

from stacks.alarm import AWS, Alarm
from stacks.alarm_settings import AlarmSettings
from stacks.api_alarms import api_alarms
from stacks.metric import Metric

THROTTLES = {"sign_in": "SignInThrottles", "sign_up": "SignUpThrottles", "renewal": "TokenRefreshThrottles"}


def account_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    [errors, _] = api_alarms(settings)
    return (
        # Few people use this API, and it may be slow. Nobody needs to be woken for it.
        replace(errors, urgent=False),
        Alarm(
            id="SignInThrottled",
            title="sign-in throttled",
            means="For five minutes Cognito throttled people who sign in, sign up or renew their tokens.",
            metrics={
                name: Metric("AWS/Cognito", metric, "Sum", {"UserPool": "Users", "UserPoolClient": "Client"})
                for name, metric in THROTTLES.items()
            },
            expression=f"SUM([{', '.join(THROTTLES)}])",
            comparison=">",
            threshold=0,
            reached=5,
            periods=5,
            missing="notBreaching",
            source=AWS,
        ),
    )

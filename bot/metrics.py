"""Prometheus metrics of the app. Names and labels never carry personal data."""

from prometheus_client import Counter, Gauge, Histogram

TURNS = Counter("fraga_turns_total", "Turns done, by channel and outcome", ["channel", "outcome", "language"])
TURN_SECONDS = Histogram(
    "fraga_turn_seconds",
    "From stored citizen message to written reply",
    buckets=(0.01, 0.02, 0.035, 0.05, 0.08, 0.12, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
DEFERRED = Counter("fraga_turns_deferred_total", "Turns put off because a service was down", ["service"])
SUPPRESSED = Counter("fraga_bot_reply_suppressed_total", "Bot replies dropped because the owner changed meanwhile")
MASKED = Counter("fraga_masked_total", "Messages in which personal data was hidden", ["kind"])
REFUSED = Counter("fraga_refused_total", "Messages refused at the door", ["channel", "code"])
DELIVERIES = Counter("fraga_deliveries_total", "Outgoing deliveries", ["channel", "result"])
UNDELIVERED = Gauge("fraga_undelivered_messages", "Messages that have not gone out: waiting, dead or held", ["account", "state"])
OLDEST_WAITING = Gauge("fraga_oldest_waiting_seconds", "Age of the oldest message that waits to go out; 0 = none", ["account"])
ACCOUNT_RESTS = Gauge("fraga_account_rests_seconds", "How long nothing goes out by an account yet, in this process", ["account"])
DESK_FAILURES = Counter("fraga_desk_failures_total", "Failed calls of another desk: unreachable or refused", ["desk", "kind"])
OPEN_SOCKETS = Gauge("fraga_open_sockets", "Connected WebSockets", ["kind"])

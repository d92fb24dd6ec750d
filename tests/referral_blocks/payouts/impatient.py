"""How long things take in the kill test, in its workers and in the test itself."""

IMPATIENT = {
    "PAYOUT_LEASE_SECONDS": 9,  # above the workers' time-out
    "PAYOUT_SWEEP_SECONDS": 10,
    "PAYOUT_RETRY_SECONDS": 1,
    "PAYOUT_RETRY_MAX_SECONDS": 3,
    "PAYOUT_MAX_TRIES": 1000,
}

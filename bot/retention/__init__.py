"""Deletes conversations when the time that a retention decision gives them is over; without a decision, nothing."""

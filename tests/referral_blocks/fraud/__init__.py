"""Tests of the fraud checks and what is made of their findings."""

"""Rows that belong to no concept."""

from django.db import models


class Heartbeat(models.Model):
    """When a long-running process last showed that it works."""

    name = models.CharField(primary_key=True, max_length=40)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%Y-%m-%d %H:%M:%S}"

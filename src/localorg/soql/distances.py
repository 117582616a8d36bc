"""The distance between two places on Earth, as a function SQLite can call."""

import math
import sqlite3

from localorg.soql.functions import DISTANCE

_RADIUS = {"km": 6371.0088, "mi": 3958.7613}


def register(connection: sqlite3.Connection) -> None:
    """Let statements of this connection call the function."""
    connection.create_function(DISTANCE, 5, _distance, deterministic=True)


def _distance(latitude: float | None, longitude: float | None, to_latitude: float, to_longitude: float, unit: str) -> float | None:
    if latitude is None or longitude is None:
        return None
    north, south = math.radians(latitude), math.radians(to_latitude)
    span = math.sin((north - south) / 2) ** 2
    span += math.cos(north) * math.cos(south) * math.sin(math.radians(longitude - to_longitude) / 2) ** 2
    return 2 * _RADIUS[unit] * math.asin(math.sqrt(min(1.0, span)))

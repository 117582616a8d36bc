"""Databases for processes of their own."""

import psycopg
import pytest


@pytest.fixture
def empty_database(request):
    """Return a function from the kind of database to the address of one without tables."""

    def address(kind):
        if kind == "sqlite":
            return ""  # the installation's own file
        server = request.getfixturevalue("postgres_session")
        name = f"{server.database}_crash"
        connection = psycopg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)
        connection.execute(f'CREATE DATABASE "{name}"')
        request.addfinalizer(connection.close)
        request.addfinalizer(lambda: connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'))
        return server.set(database=name).render_as_string(hide_password=False)

    return address

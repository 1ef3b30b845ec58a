"""Which database the settings of the service name."""

from unco.errors import SetupError
from unco.serving.databases.database import Database
from unco.serving.databases.sqlite import SqliteFolder
from unco.serving.settings import ServeSettings


def open_database(settings: ServeSettings) -> Database:
    """Name the database of the service's state; nobody is connected to yet.

    Raises:
        SettingsError: the connection string is none.
        SetupError: the state folder cannot be made, or Postgres's driver is not installed.
    """
    if settings.database is not None:
        return _postgres(settings.database)
    try:
        settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"the state folder {settings.state} cannot be made: {error}") from error
    return SqliteFolder(settings.state)


def _postgres(address: str) -> Database:
    try:
        from unco.serving.databases.postgres import Postgres
    except ImportError as error:
        raise SetupError("--database needs Postgres's driver: pip install 'unco[serve,postgres]'") from error
    return Postgres(address)

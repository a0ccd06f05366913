"""Database access: statement programs that run alike on SQLite and on MariaDB/MySQL."""

"""The outbox: written in the transaction it tells of, sent after its commit, body wiped once sent."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base


class Mail(Base):
    __tablename__ = "mail"
    __table_args__ = (
        Index(
            "ix_mail_waiting",
            "bulk",
            "due_at",
            "id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes | None]  # recipient, subject and body under the server's field key
    template: Mapped[str] = mapped_column(String(60))
    bulk: Mapped[bool] = mapped_column(default=False)  # one of thousands: goes after every other
    written_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]  # not tried before
    sent_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(80))

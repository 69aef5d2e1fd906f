"""Files of rows as companies hand them in, and the job that reads and carries them out."""

from typing import Any

from jcanweb.database import db, transaction
from jcanweb.models import Intake, Person
from jcanweb.services import intake, intake_work
from jcanweb.vocabulary import IntakeKind
from tests import builders

CORPORATION = {
    "法人番号": builders.corporate_number(501), "企業ID": "CT900501", "法人名": "髙橋商事株式会社", "法人名カナ": "タカハシショウジ",
    "法人名英字": "Takahashi Shoji Co., Ltd.", "代表者": "髙橋 一郎", "契約状態": "有効", "契約開始日": "令和6年4月1日",
    "契約終了日": "",
}  # fmt: skip


def corporation(number: int, **cells: str) -> dict[str, str]:
    """A row of another corporation."""
    return CORPORATION | {"法人番号": builders.corporate_number(number), "企業ID": f"CT9{number:05}",
                          "法人名": f"髙橋商事第{number}株式会社"} | cells  # fmt: skip


def application(of: Person, **cells: str) -> dict[str, str]:
    """A row of an application of this person."""
    return {
        "法人番号": of.corporation.corporate_number, "申請者メールアドレス": of.email, "会社名（英字）": "Mihon Shoji Co., Ltd.",
        "会社名（日本語）": of.corporation.name, "部署・役職または氏名（英字）": "Sales Dept. Manager",
        "部署・役職または氏名（日本語）": "営業部 部長", "有効期間(年)": "2", "PIN送付先氏名": "見本 次郎",
        "PIN送付先メール": "pin@example.jp",
    } | cells  # fmt: skip


def csv(*rows: dict[str, str]) -> bytes:
    """A CSV file with the titles of the first row."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    return "\r\n".join([*quoted, ""]).encode("utf-8-sig")


def received(kind: IntakeKind, source: bytes, *, by: Any, name: str = "表.csv") -> int:
    """Handed in and read by the job; its id. Outside of a transaction."""
    with transaction():
        made = intake.receive(kind, name, source, by=by)
    work()
    return made.id


def carried_out(intake_id: int, *, by: Any) -> Intake:
    """Started, and carried out by the job."""
    with transaction():
        intake.start(db.session.get_one(Intake, intake_id), by=by)
    work()
    return db.session.get_one(Intake, intake_id)


def work() -> None:
    """The job, however long it takes. Outside of a transaction."""
    while intake_work.run(60, 0):
        pass

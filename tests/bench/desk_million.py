"""Lists, search and the desk at 1,000,000 applications: what each page and its slowest query take.

    .venv/bin/python -m tests.bench.desk_million [--postgresql] [--again] [applications]

Rows are copies of one real case (a certificate's DER is left out of the copies) with names of their own and the real
search index. They are made once, into the folder for temporary files, or with --postgresql into a database beside the
one of JCANWEB_TEST_DATABASE_URI; --again makes them anew. Of every page: median of 6, best and worst, as a share of 100 ms;
its slowest query as a share of 25 ms of database time (below 1 is good), with the way the database goes about it.
What every page asks (session, menu) is told once, at /me.
"""

import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import create_engine, event, insert, select, text
from sqlalchemy.engine import make_url
from stdnum.jp import cn

from jcanweb import clock, create_app, names
from jcanweb.calendar import jst_date
from jcanweb.database import Base, alembic, db, transaction
from jcanweb.models import Application, Certificate, Officer, OfficerRole
from jcanweb.roles import Role
from jcanweb.services.search_index import document
from jcanweb.services.setup import prepare
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CertificateState
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter, officer

PAGE_LIMIT, QUERY_LIMIT = 0.100, 0.025
BATCH = 10_000
WAITING = {A.SUBMITTED: 1500, A.SCREENING: 1000, A.RETURNED: 300, A.APPROVED: 200}
"""The last ones handed in; of those before, most were issued."""

HEADS = "東京 大阪 日本 第一 中央 三和 富士 山田 田中 佐藤 鈴木 髙橋 伊藤 渡邊 中村 小林 加藤 吉田 佐々木 山口 松本 井上 木村 林 清水 斎藤 橋本 石川 長谷川".split()  # fmt: skip
TAILS = "商事 工業 建設 電機 製作所 産業 物流 食品 化学 運輸 不動産 システム ソリューションズ ホールディングス テクノロジー 印刷 製薬 精機 通信 サービス".split()  # fmt: skip
ROOMS = ["営業部|Sales Dept", "総務部|General Affairs Dept", "人事部|Human Resources Dept", "法務部|Legal Dept", "東京支店|Tokyo Branch",
         "品質保証部|Quality Assurance Dept", "海外事業部|Overseas Business Dept", "監査室|Audit Office"]  # fmt: skip
POSTS = [
    "部長|General Manager",
    "課長|Section Manager",
    "代表取締役|President",
    "取締役|Director",
    "支店長|Branch Manager",
]
SYLLABLES = "ア:a カ:ka キ:ki ク:ku サ:sa シ:shi タ:ta ト:to ナ:na ニ:ni ノ:no ハ:ha フ:fu マ:ma ミ:mi モ:mo ヤ:ya ラ:ra リ:ri ワ:wa ガ:ga ダ:da".split()  # fmt: skip
TABLES = ("application", "ca_order", "certificate", "search_entry")


def corporate_name(chance: random.Random) -> dict[str, str]:
    said = [chance.choice(SYLLABLES).split(":") for _ in range(chance.randrange(4, 9))]
    own = "".join(chr(chance.randrange(0x4E00, 0x9000)) for _ in range(chance.randrange(3)))
    return {"name": f"{own}{chance.choice(HEADS)}{chance.choice(TAILS)}株式会社", "name_kana": "".join(k for k, _ in said),
            "name_en": "".join(r for _, r in said).capitalize() + " Co., Ltd."}  # fmt: skip


def key_of(*parts: str) -> str:
    return " ".join(dict.fromkeys(map(names.search_key, parts)))


def row_of(table: str, number: int) -> dict[str, Any]:
    made = Base.metadata.tables[table]
    return dict(db.session.execute(select(made).where(made.c.id == number)).mappings().one())


def put(table: str, rows: list[dict[str, Any]]) -> None:
    if rows and db.engine.dialect.name == "sqlite":
        db.session.execute(insert(Base.metadata.tables[table]), rows)
    elif rows:  # the quickest way in
        driver: Any = db.session.connection().connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(rows[0])}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([one.value if isinstance(one, Enum) else one for one in row.values()])


def fill(many: int) -> None:
    """Corporations with a person each, then applications, BATCH at a time, each transaction by itself."""
    with transaction():
        staff = {role: officer(role) for role in Role}
        first = issued_certificate(CertificateState.DELIVERED)
        bound = db.session.get_one(Application, first.application_id)
        rows = {"corporation": row_of("corporation", bound.corporation_id), "person": row_of("person", bound.person_id),
                "application": row_of("application", bound.id), "certificate": row_of("certificate", first.id),
                "ca_order": row_of("ca_order", first.order_id)}  # fmt: skip
        me = staff[Role.SCREENER].id
    chance, homes = random.Random(1), list[dict[str, Any]]()  # noqa: S311 - no secret
    for begun in range(0, many // 10, BATCH):
        some = []
        for number in range(begun + 1001, begun + 1001 + min(BATCH, many // 10 - begun)):
            said = corporate_name(chance)
            some.append(rows["corporation"] | said | {
                "id": number, "corporate_number": f"{cn.calc_check_digit(f'{number:012}')}{number:012}", "company_id": f"CT-{number}",
                "name_en_look": names.skeleton(said["name_en"]), "name_key": key_of(said["name"], said["name_kana"], said["name_en"])})  # fmt: skip
        with transaction():
            put("corporation", some)
            put("person", [rows["person"] | {"id": one["id"], "corporation_id": one["id"],
                                             "email": f"p{one['id']}@example.jp"} for one in some])  # fmt: skip
            enter_all("corporation_fts", [(one["id"], one["name_key"]) for one in some])
        homes += some
    for begun in range(0, many, BATCH):
        made = list(applications(rows, homes, range(begun, min(begun + BATCH, many)), many, me, chance))
        with transaction():
            for table in TABLES:
                put(table, [one[table] for one in made if table in one])
            enter_all(
                "application_fts", [(one["search_entry"]["id"], one["search_entry"]["key"]) for one in made]
            )
        print(f"\r{begun + len(made):,}", end="", file=sys.stderr)


def enter_all(index: str, entries: list[tuple[int, str]]) -> None:
    if db.engine.dialect.name == "sqlite":
        query = text(f"INSERT INTO {index} (rowid, pieces) VALUES (:id, :pieces)")  # noqa: S608 - a name from here
        db.session.execute(query, [{"id": number, "pieces": document(key)} for number, key in entries])


def applications(rows: dict[str, Any], homes: list[Any], numbers: range, many: int, me: int,
                 chance: random.Random) -> Iterator[dict[str, Any]]:  # fmt: skip
    now, undone = clock.now(), sum(WAITING.values())
    states = [state for state, count in WAITING.items() for _ in range(count)]
    for number in numbers:
        home, place = chance.choice(homes), number + 1001
        room, post = chance.choice(ROOMS).split("|"), chance.choice(POSTS).split("|")
        texts = {"organization_unit": home["name_en"], "organization_unit_ja": home["name"],
                 "common_name": f"{room[1]} {post[1]}", "common_name_ja": f"{room[0]} {post[0]}"}  # fmt: skip
        left = many - number
        state = states[chance.randrange(undone)] if left <= undone else chance.choices(
            (A.ISSUED, A.REJECTED, A.WITHDRAWN, A.RETURNED), (880, 60, 59, 1))[0]  # fmt: skip
        at = now - timedelta(minutes=left * 2)
        one = rows["application"] | texts | {
            "id": place, "number": f"A-{place:06}", "person_id": home["id"], "corporation_id": home["id"],
            "arrival": place, "state": state, "submitted_at": at, "drafted_at": at, "withdrawn_at": None}  # fmt: skip
        if state is not A.ISSUED:
            one |= dict.fromkeys(
                ("issued_by", "issued_at", "approved_by", "approved_at", "screened_by", "screened_at")
            )
        if state in {A.SUBMITTED, A.SCREENING, A.APPROVED}:
            one["due_on"] = jst_date(now) + timedelta(days=chance.randrange(-2, 4))
        if state in {A.SCREENING, A.APPROVED}:
            one |= {"screening_by": me}
        if state is A.APPROVED or (state is A.SCREENING and chance.random() < 0.3):
            one |= {name: rows["application"][name] for name in ("screened_by", "screened_at")}
        if state is A.APPROVED:
            one |= {name: rows["application"][name] for name in ("approved_by", "approved_at")}
        if state is A.REJECTED:
            one |= {
                "rejected_by": rows["application"]["approved_by"],
                "rejected_at": at,
                "rejected_reason": "契約が終了しているため。",
            }
        if state is A.RETURNED:
            one |= {
                "returned_by": me,
                "returned_at": at,
                "returned_reason": "OU2を登記のとおりに直してください。",
            }
        keys = key_of(
            *(
                texts[name]
                for name in ("organization_unit", "common_name", "organization_unit_ja", "common_name_ja")
            )
        )
        made = {"application": one, "search_entry": {"id": place, "application_id": place,
                                                     "key": f"{home['name_key']} {keys}"}}  # fmt: skip
        if state is A.ISSUED:
            jc, key = f"JC-{place + 10_000_000}", f"{place:064x}"
            made["ca_order"] = rows["ca_order"] | {"id": place, "application_id": place, "jc_number": jc,
                                                   "request_id": key, "public_key_sha256": key}  # fmt: skip
            made["certificate"] = rows["certificate"] | {
                "id": place, "application_id": place, "order_id": place, "jc_number": jc, "person_id": home["id"],
                "corporation_id": home["id"], "serial_number": f"{place:040x}", "public_key_sha256": key, "der": b"",
                "chain_der": b"", "organization_unit": texts["organization_unit"], "common_name": texts["common_name"],
                **names.subject_keys(texts["organization_unit"], texts["common_name"]),
                "issued_at": at, "not_after": at + timedelta(days=730),
                **({"state": CertificateState.REVOKED, "revoked_at": now} if number % 50 == 0 else {})}  # fmt: skip
        yield made


def opened(postgresql: bool, again: bool, many: int) -> Any:
    """The app on the filled database; filled first when it is not there yet."""
    folder = Path(tempfile.gettempdir()) / f"jcanweb-desk-{'postgresql' if postgresql else 'sqlite'}-{many}"
    settings: dict[str, Any] = {"TESTING": True, "RATELIMIT_ENABLED": False}
    if postgresql:
        url = make_url(os.environ["JCANWEB_TEST_DATABASE_URI"])
        settings["SQLALCHEMY_DATABASE_URI"] = url.set(database="jcanweb_million").render_as_string(False)
    done = folder / "filled"
    if again or not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if postgresql:
            engine = create_engine(url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("DROP DATABASE IF EXISTS jcanweb_million"))
                connection.execute(text("CREATE DATABASE jcanweb_million"))
    app = create_app(settings, instance=str(folder / "instance"))
    if not done.exists():
        begun = time.perf_counter()
        with app.app_context():
            alembic.upgrade()
        with app.test_request_context(), transaction():
            prepare()
        with app.test_request_context():
            filled(many)
        done.touch()
        print(f"\rfilled in {time.perf_counter() - begun:,.0f} s")
    return app


def filled(many: int) -> None:
    """On PostgreSQL the full-text indexes are built at the end, which is quicker."""
    indexes = []
    if db.engine.dialect.name == "postgresql":
        with transaction():
            indexes = list(
                db.session.scalars(text("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%_fts'"))
            )
            db.session.execute(text("DROP INDEX application_fts, corporation_fts"))
    fill(many)
    with transaction():
        for made in indexes:
            db.session.execute(text(made))
        for table in (*TABLES, "corporation", "person") if indexes else ():
            db.session.execute(
                text(f"SELECT setval('{table}_id_seq', 10000000)")
            ) if table != "search_entry" else None
        db.session.execute(text("ANALYZE"))


def pages(many: int) -> list[tuple[Role, str]]:
    half, day = f"A-{many // 2:06}", jst_date(clock.now())
    digits = f"{many // 20:012}"
    home = f"{cn.calc_check_digit(digits)}{digits}"
    old = day - timedelta(days=many * 2 // 1440 - 30)
    with_words = ["田中", "商事", "株式会社", "株式会社 田中 営業部", "ホールディングス", "高橋 印刷", "渡辺精機", "たかし", "カタナニ", "sales", "Takashi",
                  "General Manager", "co ltd", "katana sales president", "不存在文字列", "見当 たらない", "監査室 法務部", "shikita 監査",
                  "mamimo", "部長 Section"]  # fmt: skip
    words = [f"q={quote(one)}" for one in with_words]
    lists = ["", "state=submitted", "state=screening", "state=returned", "state=issued", "state=rejected", "hands=mine",
             "hands=nobody", "overdue=1", "overdue=1&state=approved", f"from={old}&to={old}", f"to={old}", f"from={day}",
             f"q={half}", f"q={home}", f"q=JC-{many // 2 + 10_000_000}", f"before={many // 2}"]  # fmt: skip
    both = [f"{word}&{more}" for word in (words[0], words[2], words[4], words[5]) for more in
            ("state=returned", "state=rejected", "hands=mine", "overdue=1", f"from={old}&to={old}",
             f"before={many // 3}")]  # fmt: skip
    ledger = ["", "state=revoked", "state=expired", *words[:6], *words[14:17], f"{words[2]}&state=revoked", f"{words[0]}&state=revoked",
              f"q=JC-{many // 2 + 10_000_000}", f"q={home}"]  # fmt: skip
    urls = [f"/applications?{one}" for one in [*lists, *words, *both]]
    urls += [f"/certificates?{one}" for one in ledger]
    urls += [f"/corporations?{one}" for one in ["", *words[:10], words[14], "q=7", f"q={home[:8]}"]]
    desk = [(role, "/desk") for role in (Role.SCREENER, Role.APPROVER, Role.OPERATOR)]
    return [*desk, (Role.SCREENER, f"/applications/{half}"), *((Role.SCREENER, url) for url in urls)]


class Asked:
    """The queries of one page, each asked again by itself: execution and fetching are what a database takes."""

    def __init__(self) -> None:
        self.queries: dict[tuple[str, str], Any] = {}

    def note(self, _: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            self.queries[statement, repr(parameters)] = parameters

    def slowest(self, but: set[str]) -> str:
        """Median, worst and plan of the slowest, but for these statements."""
        taken = [(timed(statement, values), statement, values)
                 for (statement, _), values in self.queries.items() if statement not in but]  # fmt: skip
        if not taken:
            return "none"
        took, statement, values = max(taken, key=lambda one: statistics.median(one[0]))
        shown = ratio(took, QUERY_LIMIT)
        word = "EXPLAIN" if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = db.session.connection().exec_driver_sql(f"{word} {statement}", values)
        steps = [re.sub(r"\(cost=.*", "", str(row[-1])).strip(" ->") for row in rows]
        told = [
            step
            for step in steps
            if any(part in step for part in ("SCAN", "SEARCH", "Scan", "B-TREE", "Sort"))
        ]
        return f"{shown}  of {len(taken)}: {' | '.join(told)}"


def timed(statement: str, values: Any) -> list[float]:
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        db.session.connection().exec_driver_sql(statement, values).fetchall()
        took.append(time.perf_counter() - begun)
    return took


def ratio(took: list[float], limit: float) -> str:
    best, middle, worst = min(took), statistics.median(took), max(took)
    return f"{middle * 1000:6.1f} ms x{middle / limit:.2f} (best {best * 1000:.1f}, worst {worst * 1000:.1f} ms x{worst / limit:.2f})"


def measure(app: Any, many: int) -> None:
    with app.app_context(), transaction():
        there = db.session.query(Application).count(), db.session.query(Certificate).count()
        print(f"{there[0]:,} applications, {there[1]:,} certificates, {db.engine.dialect.name}")
        one_of = select(Officer).join(OfficerRole).order_by(Officer.id)
        staff = {role: db.session.scalars(one_of.where(OfficerRole.name == role)).first() for role in Role}
        asked = pages(many)
    visitors = {role: Visitor(app) for role in {role for role, _ in asked}}
    for role, visitor in visitors.items():
        enter(app, visitor, staff[role])  # type: ignore[arg-type]  # filled
    everywhere: dict[Role, set[str]] = {}
    for role, url in [*((role, "/me") for role in visitors), *asked]:
        took, queries = [], Asked()
        for _ in range(6):
            with app.app_context():
                event.listen(db.engine, "before_cursor_execute", queries.note)
            begun = time.perf_counter()
            answer = visitors[role].client.get(url)
            took.append(time.perf_counter() - begun)
            assert answer.status_code == 200, (url, answer.status_code)
            with app.app_context():
                event.remove(db.engine, "before_cursor_execute", queries.note)
        with app.app_context():
            told = queries.slowest(everywhere.get(role, set()))
        everywhere.setdefault(role, {statement for statement, _ in queries.queries})
        print(f"page {ratio(took, PAGE_LIMIT)}  {role.value} {unquote(url)}\n    query {told}")  # fmt: skip


def main() -> None:
    numbers = [int(one.replace(",", "")) for one in sys.argv[1:] if not one.startswith("-")]
    many = numbers[0] if numbers else 1_000_000
    measure(opened("--postgresql" in sys.argv, "--again" in sys.argv, many), many)


if __name__ == "__main__":
    main()

"""Who and what the demo world is made of: invented officers, corporations and papers."""

from dataclasses import dataclass
from datetime import date

from stdnum.jp import cn

from jcanweb.roles import Role
from jcanweb.services.organization_entries import CorporationEntry, PersonEntry
from jcanweb.vocabulary import AgreementState, Authority, CustodianGroup, DelegationScope


@dataclass(frozen=True)
class Staff:
    name: str
    email: str
    role: Role
    group: CustodianGroup | None = None
    """whose share of the backups this officer holds"""


STAFF = {
    "administrator": Staff("管理 花子", "kanri@example.jp", Role.ADMINISTRATOR),
    "screener": Staff("田村 亮", "tamura@example.jp", Role.SCREENER),
    "screener2": Staff("小川 美咲", "ogawa@example.jp", Role.SCREENER, CustodianGroup.KEY),
    "approver": Staff("佐藤 恵", "sato@example.jp", Role.APPROVER),
    "approver2": Staff("中村 修", "nakamura@example.jp", Role.APPROVER, CustodianGroup.SECURITY),
    "operator": Staff("鈴木 健", "suzuki@example.jp", Role.OPERATOR),
    "operator2": Staff("渡辺 彩", "watanabe@example.jp", Role.OPERATOR, CustodianGroup.PIN),
    "auditor": Staff("高橋 直", "takahashi@example.jp", Role.AUDITOR),
}


@dataclass(frozen=True)
class Company:
    entry: CorporationEntry
    people: tuple[PersonEntry, ...]


def corporate_number(last: int) -> str:
    """A 法人番号 with a right check digit, far from those in use."""
    digits = f"9999900{last:05}"
    return f"{cn.calc_check_digit(digits)}{digits}"


def companies(today: date) -> dict[str, Company]:
    """Four invented corporations with living agreements, each with its representative and a delegate."""
    start, later = date(today.year - 2, 4, 1), date(today.year + 2, 3, 31)

    def company(
        last: int, name: str, kana: str, english: str, head: str, head_kana: str, mail: str
    ) -> Company:
        entry = CorporationEntry(
            corporate_number=corporate_number(last), company_id=f"CT{last:06}", name=name, name_kana=kana,
            name_en=english, representative=head, agreement_state=AgreementState.ACTIVE, agreement_from=start,
            agreement_to=later if last % 2 else None,
        )  # fmt: skip
        boss = PersonEntry(head, head_kana, f"{mail}@example.com", Authority.REPRESENTATIVE)
        clerk = PersonEntry("総務 一郎", "ソウム イチロウ", f"soumu-{mail}@example.com", Authority.DELEGATE,
                            start, date(today.year + 1, 3, 31), DelegationScope.ALL, paper())  # fmt: skip
        return Company(entry, (boss, clerk))

    return {
        "kensetsu": company(11, "見本建設株式会社", "ミホンケンセツ", "Mihon Kensetsu Co., Ltd.", "見本 太郎",
                            "ミホン タロウ", "taro"),
        "denki": company(12, "例示電気工業株式会社", "レイジデンキコウギョウ", "Reiji Electric Industries Co., Ltd.",
                         "髙橋 𠮷男", "タカハシ ヨシオ", "yoshio"),
        "sekkei": company(13, "仮名設計合同会社", "カメイセッケイ", "Kamei Sekkei LLC", "仮名 桜",
                          "カメイ サクラ", "sakura"),
        "shoji": company(14, "架空商事株式会社", "カクウショウジ", "Kakuu Shoji Co., Ltd.", "架空 次郎",
                         "カクウ ジロウ", "jiro"),
    }  # fmt: skip


POSTS = [
    ("Contract Department", "契約部"),
    ("Sales Department Manager", "営業部 部長"),
    ("General Affairs Section", "総務課"),
    ("Purchasing Department", "購買部"),
    ("Osaka Branch Manager", "大阪支店 支店長"),
    ("Accounting Section Chief", "経理課 課長"),
]


def paper() -> bytes:
    """A page of PDF that says what it is: a sample in place of a 印鑑証明書 (ISO 32000-1 §7.5)."""
    words = b"BT /F 24 Tf 72 720 Td (SAMPLE - not a certificate of seal) Tj ET"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(words), words),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, rows)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(made))
    return made + table + end

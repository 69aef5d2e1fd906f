"""The Japanese word of every enum member, and the tone of the states."""

from enum import StrEnum

from jcanweb.events import Damage, Event, Outcome, Subject
from jcanweb.terms.document import SourceKind
from jcanweb.terms.statements import ConsentVerb
from jcanweb.vocabulary import (
    AddressGround,
    AgreementState,
    ApplicationState,
    Authority,
    CertificateState,
    CheckedField,
    ConsentKind,
    CustodianGroup,
    EditionState,
    IntakeKind,
    OrderFailure,
    OrderState,
    ReconsentDecision,
    ReconsentState,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    RevocationState,
    Role,
    RowResult,
    SecretKind,
    Verdict,
)

LABELS: dict[type[StrEnum], dict[str, str]] = {
    Role: {"screener": "受付・審査担当", "approver": "承認者（LRA責任者）", "operator": "発行操作者",
           "auditor": "内部監査", "administrator": "管理者"},
    ApplicationState: {"draft": "下書き", "submitted": "受付済み", "screening": "審査中", "returned": "差戻し",
                       "approved": "承認済み", "issuing": "発行中", "issued": "発行済み", "rejected": "却下",
                       "withdrawn": "取下げ", "lapsed": "期限切れ"},
    CertificateState: {"issued": "発行済み", "delivered": "受領済み", "suspended": "利用停止中", "revoked": "失効"},
    OrderState: {"asked": "依頼中", "done": "完了", "failed": "失敗"},
    OrderFailure: {
        "refused": "認証局が依頼を断りました。",
        "not_issued": "認証局に届く前に途切れました。認証局は何も発行していません。",
        "interrupted": "認証局が発行したあとに途切れました。その証明書は認証局で失効させました。",
        "differs": "承認した内容と違う証明書が返されました。その証明書は認証局で失効させました。",
        "not_sealed": "鍵を封緘できませんでした。発行された証明書は認証局で失効させました。",
        "late": "依頼を打ち切ったあとに証明書が発行されました。その証明書は認証局で失効させました。",
    },
    RevocationState: {"received": "判断待ち", "decided": "実行待ち", "refused": "失効しない", "executed": "失効済み"},
    RecoveryState: {"requested": "承認待ち", "authorized": "開封待ち", "opened": "回復済み", "declined": "却下",
                    "lapsed": "期限切れ"},
    CheckedField: {"organization_unit": "OU2（組織名）", "common_name": "CN（利用者名）",
                   "seal_certificate": "印鑑証明書"},
    Verdict: {"pass": "適合", "fail": "不適合"},
    Authority: {"representative": "代表者本人", "delegate": "委任を受けた者"},
    AgreementState: {"active": "有効", "suspended": "停止", "ended": "終了"},
    IntakeKind: {"corporations": "法人（CECTRUST-Lightの契約）", "applications": "申請"},
    RowResult: {"new": "新規", "changed": "変更", "unchanged": "変わりなし", "refused": "要修正", "done": "反映済み"},
    SecretKind: {"pfx": "証明書ファイル（PKCS#12）", "pin": "PIN"},
    CustodianGroup: {"key": "鍵管理者", "pin": "PIN管理者", "security": "保全責任者"},
    RevocationReason: {"unspecified": "その他", "keyCompromise": "鍵・PINの漏えい", "cACompromise": "認証局の危殆化",
                       "affiliationChanged": "記載事項の変更", "superseded": "新しい証明書への差替え",
                       "cessationOfOperation": "利用の終了", "privilegeWithdrawn": "資格の喪失・規約違反"},
    RevocationRequester: {"subscriber": "利用者", "corporation": "法人", "certification_authority": "認証局",
                          "registration_authority": "登録局"},
    RecoveryGround: {"subscriber_lost_pfx": "利用者が証明書ファイルを失った", "subscriber_lost_pin": "利用者がPINを失った",
                     "service_restoration": "サービスの復旧", "legal_order": "法令に基づく命令"},
    ConsentKind: {"application": "申請", "reconsent": "再同意"},
    ReconsentState: {"asked": "未同意", "agreed": "同意", "refused": "拒否"},
    ReconsentDecision: {"revoke": "失効の手続きをする", "keep": "有効期間の満了まで、前の版のまま認める"},
    AddressGround: {"dispute": "承諾した人についての争い", "legal_order": "法令に基づく命令", "investigation": "不正の調査"},
    Outcome: {"begun": "開始", "done": "完了", "refused": "拒否"},
    Damage: {"missing": "記録が抜けています", "changed": "記録が書き換えられています",
             "unreadable": "読み取れない記録があります", "beyond_head": "要約に含まれない記録が足されています",
             "head_missing": "記録の要約がありません", "other_root": "記録の全体が、要約の値（ルート）と一致しません",
             "other_frontier": "要約の計算の途中の値が書き換えられています"},
    Subject: {"installation": "システム", "officer": "担当者", "custodian": "鍵の管理者", "corporation": "法人",
              "person": "権限者", "edition": "利用規約", "policy": "証明書ポリシー", "campaign": "再同意の依頼",
              "reconsent": "再同意", "application": "申請", "certificate": "証明書",
              "order": "発行依頼", "delivery": "交付", "backup": "バックアップ", "recovery": "鍵回復",
              "revocation": "失効", "crl": "失効リスト", "report": "帳票", "intake": "一括取込", "endpoint": "画面",
              "access_code": "確認コード"},
    SourceKind: {"text": "文字だけのファイル", "markdown": "Markdown", "pdf": "PDF"},
    EditionState: {"draft": "下書き", "unused": "使わない下書き", "scheduled": "施行予定", "in_force": "有効",
                   "former": "旧版"},
    ConsentVerb: {"agree": "同意します", "acknowledge": "認めます", "promise": "約束します"},
    Event: {
        "installation:created": "システムの初期設定", "installation:claimed": "運用の開始", "demo:created": "デモの作成",
        "officer:invited": "担当者の招待", "officer:joined": "担当者の登録", "officer:signed_in": "サインイン",
        "officer:signed_out": "サインアウト", "officer:password_changed": "パスワードの変更",
        "officer:totp_enrolled": "認証アプリの登録", "officer:roles_changed": "役割の変更",
        "officer:deactivated": "担当者の停止", "custodian:key_made": "管理者の鍵の作成",
        "custodian:appointed": "鍵の管理者の選任", "custodian:released": "鍵の管理者の解任",
        "corporation:registered": "法人の登録", "corporation:changed": "法人の変更", "person:registered": "権限者の登録",
        "person:changed": "権限者の変更", "person:invited": "権限者への案内",
        "person:code_sent": "確認コードの送付", "person:signed_in": "権限者のサインイン",
        "person:signed_out": "権限者のサインアウト", "intake:received": "ファイルの受付",
        "intake:read": "行の確認の完了", "intake:unreadable": "ファイルの読取りの中止", "intake:started": "反映の開始",
        "intake:discarded": "取込みの取りやめ", "intake:mailed": "権限者への案内メール", "intake:finished": "反映の完了",
        "intake:erased": "ファイルと行の内容の削除", "edition:imported": "利用規約の取込み",
        "edition:approved": "利用規約の承認", "policy:registered": "証明書ポリシーの登録",
        "policy:approved": "証明書ポリシーの承認", "consent:given": "規約の承諾", "consent:withdrawn": "バックアップの同意の撤回",
        "campaign:started": "再同意の依頼の開始", "campaign:asked": "依頼する利用者の追加",
        "campaign:listed": "依頼する利用者の一覧の完成", "campaign:mailed": "再同意の依頼メール",
        "reconsent:refused": "再同意の拒否", "reconsent:decided": "拒否への対応の決定",
        "address:opened": "承諾のIPアドレスの閲覧", "address:deleted": "承諾のIPアドレスの消去",
        "application:drafted": "申請の作成", "application:edited": "申請の訂正", "application:submitted": "申請の提出",
        "application:withdrawn": "申請の取下げ", "application:lapsed": "申請の期限切れ",
        "application:screening_started": "審査の開始", "application:field_checked": "項目の判定",
        "application:screened": "審査の完了", "application:returned": "差戻し", "application:approved": "発行の承認",
        "application:rejected": "却下", "application:document_opened": "添付書類の閲覧", "order:asked": "認証局への依頼",
        "order:failed": "依頼の失敗", "certificate:issued": "証明書の発行", "backup:sealed": "バックアップの封緘",
        "backup:destroyed": "バックアップの廃棄", "delivery:sent": "交付の案内", "delivery:taken": "受取",
        "delivery:confirmed": "受領確認", "delivery:ended": "受取の終了", "recovery:requested": "鍵回復の依頼", "recovery:authorized": "鍵回復の承認",
        "recovery:declined": "鍵回復の却下", "recovery:lapsed": "鍵回復の期限切れ",
        "recovery:share_opened": "持分の開封", "recovery:opened": "鍵回復の完了", "revocation:received": "失効の受付",
        "revocation:decided": "失効の決定", "revocation:refused": "失効しない決定", "revocation:executed": "失効の実行",
        "crl:published": "失効リストの公開", "report:built": "帳票の作成",
        "evidence:built": "証拠ファイルの作成", "access:denied": "権限のない操作",
        "code:denied": "確認コードの不一致",
    },
}  # fmt: skip

TONES: dict[type[StrEnum], dict[str, str]] = {
    ApplicationState: {"submitted": "active", "screening": "active", "returned": "warn", "approved": "good",
                       "issuing": "active", "issued": "good", "rejected": "bad"},
    CertificateState: {"issued": "active", "delivered": "good", "suspended": "warn", "revoked": "bad"},
    RevocationState: {"received": "warn", "decided": "warn", "executed": "bad"},
    RecoveryState: {"requested": "warn", "authorized": "active", "opened": "good"},
    ReconsentState: {"asked": "warn", "agreed": "good", "refused": "bad"},
    OrderState: {"asked": "warn", "done": "good", "failed": "bad"},
    EditionState: {"draft": "warn", "scheduled": "active", "in_force": "good"},
    RowResult: {"new": "active", "changed": "warn", "refused": "bad", "done": "good"},
    Outcome: {"begun": "warn", "refused": "bad"},
    Verdict: {"pass": "good", "fail": "bad"},
    AgreementState: {"active": "good", "suspended": "warn", "ended": "bad"},
}  # fmt: skip
"""By kind first: members of two StrEnums with one value are equal, and one key."""


def word(member: StrEnum) -> str:
    """What a person reads for this member."""
    return LABELS[type(member)][member.value]


def tone(member: StrEnum) -> str:
    """The tone of its badge: neutral, active, good, warn or bad."""
    return TONES.get(type(member), {}).get(member.value, "neutral")


def choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, label) of every member, in the enum's order."""
    return [(member.value, word(member)) for member in kind]

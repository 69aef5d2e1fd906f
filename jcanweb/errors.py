"""Rule violations, each with the sentence the person reads (Japanese: what happened, what to do)."""

from collections.abc import Callable


class RuleViolation(Exception):
    """A rule of the registration authority refused the act. `sentence` is shown as it is."""

    heading = "いまの状態ではできません"  # of the page that says only this
    sentence = "この操作は規則により受け付けられません。"
    field: str | None = None
    act: str | None = None  # the begun audit act that this refusal ends

    def __init__(self, sentence: str | None = None, field: str | None = None) -> None:
        self.sentence = sentence or type(self).sentence
        self.field = field or type(self).field
        super().__init__(self.sentence)

    @property
    def code(self) -> str:
        """The name that goes into the audit entry: never personal data."""
        return type(self).__name__


class StalePage(RuleViolation):
    sentence = (
        "この画面を開いたあとに内容が更新されました。最新の内容を確認してから、もう一度操作してください。"
    )


class TwoPersonRule(RuleViolation):
    sentence = "続く二つの手続きを同じ担当者が行うことはできません。別の担当者が操作してください。"


class OwnApplication(TwoPersonRule):
    sentence = "ご自身が申請者またはPIN送付先になっている申請は扱えません。ほかの担当者に引き継いでください。"


class HeldByColleague(RuleViolation):
    sentence = "この申請は別の担当者が審査しています。続きを行う場合は、先に審査を引き継いでください。"


class OnHold(RuleViolation):
    sentence = "この申請は保留中です。「審査を再開する」を押してから操作してください。"


class WrongState(RuleViolation):
    """Raised by states.move with model, from and to."""

    sentence = "現在の状態ではこの操作はできません。画面を更新して状態を確認してください。"

    def __init__(self, model: str = "", source: str = "", target: str = "") -> None:
        self.model, self.source, self.target = model, source, target
        super().__init__()


class AlreadyTaken(RuleViolation):
    sentence = "この受取は既に済んでいます。受け取っていない場合は、登録局にお知らせください。"


class DeliveryStopped(RuleViolation):
    sentence = (
        "この証明書は利用停止中か、失効または期限切れのため、受け取れません。登録局にお問い合わせください。"
    )


class DeliveryFailed(RuleViolation):
    sentence = "取り出しの途中で問題が起きました。受け取りは済んでいません。しばらくしてから、もう一度お試しください。"


class LinkExpired(RuleViolation):
    heading = "このリンクは使えません"
    sentence = (
        "このリンクは有効期限が切れているか、使用できません。登録局に新しいリンクの送付を依頼してください。"
    )


class WrongCode(RuleViolation):
    sentence = "確認コードが違います。メールに記載の6桁の数字を確認してください。"
    field = "code"


class TooManyAttempts(RuleViolation):
    sentence = "確認コードの入力が上限回数に達しました。新しい確認コードを請求してください。"
    field = "code"


class TermsChanged(RuleViolation):
    sentence = (
        "読んでいる間に利用規約が改定されました。新しい規約を確認し、もう一度一項目ずつ承諾してください。"
    )


class PresentationRefused(RuleViolation):
    """What was accepted is not what was served: to this person, unchanged, in time, and for the first time."""


class PresentationAltered(PresentationRefused):
    sentence = "送られた内容が、表示した規約の記録と一致しません。承諾は記録していません。規約をあらためて表示しましたので、もう一度一項目ずつ承諾してください。"


class PresentationAnothers(PresentationRefused):
    sentence = "別の方に表示した規約の画面から送られました。承諾は記録していません。あなたに規約をあらためて表示しましたので、もう一度一項目ずつ承諾してください。"


class PresentationExpired(PresentationRefused):
    sentence = "規約を表示してから時間がたったため、承諾は記録していません。規約をあらためて表示しましたので、もう一度一項目ずつ承諾してください。"


class PresentationUsed(PresentationRefused):
    sentence = "この画面の承諾は、別の申請で記録済みです。新しい申請には、あらためて表示した規約をもう一度一項目ずつ承諾してください。"


class ConsentMissing(RuleViolation):
    sentence = "利用規約の承諾がありません。六つの項目をすべて承諾してから申請してください。"


class AlreadyAnswered(RuleViolation):
    sentence = "この規約については、既に回答を受け付けています。もう一度送る必要はありません。いまの状態を確認してください。"


class CommentMissing(RuleViolation):
    sentence = "前の版のまま認める理由を入力してください。"
    field = "comment"


class PdfRefused(RuleViolation):
    sentence = "PDFを作れませんでした。PDFの書体にない文字が使われていることがあります。検証用ファイル（JSON）を保存してください。"


class AlreadySubmitted(RuleViolation):
    sentence = "この申請は既に提出されているか、手続きが終わっています。もう一度送る必要はありません。いまの状態を確認してください。"


class NotEligible(RuleViolation):
    sentence = "この法人は現在、証明書の申請資格を満たしていません。"


class RenewalRefused(RuleViolation):
    heading = "いまは更新できません"
    sentence = "この証明書はいまは更新できません。更新できる証明書の一覧を確認してください。"


class FieldRefused(RuleViolation):
    sentence = "入力内容を確認してください。"


def at_field(field: str, rule: Callable[..., str], *typed: str) -> str:
    """What the rule makes of the typed text; its refusal then stands at this field. Raises FieldRefused."""
    try:
        return rule(*typed)
    except RuleViolation as violation:
        raise FieldRefused(violation.sentence, field) from None


def words_at(field: str, rule: Callable[..., str], typed: str, what: str) -> str:
    """As `at_field`, for words that are needed. Raises FieldRefused; WordsNeeded when there are none."""
    words = at_field(field, rule, typed, what)
    if not words:
        raise WordsNeeded(f"{what}を入力してください。", field)
    return words


class AlreadyReceived(RuleViolation):
    """`earlier` is the id of the intake that has the same file."""

    sentence = "同じファイルを既に受け付けています。"
    field = "file"

    def __init__(self, earlier: int, done: bool) -> None:
        self.earlier, self.done = earlier, done
        super().__init__()


class AlreadyStarted(RuleViolation):
    sentence = (
        "この取込みは、ほかの担当者が先に開始したか、既に終わっています。もう一度始める必要はありません。"
    )


class EvidenceRefused(RuleViolation):
    heading = "証拠ファイルを作れません"


class ChecksMissing(RuleViolation):
    sentence = "すべての項目を確認し、適合と判定してから審査を完了してください。"


class CustodiansMissing(RuleViolation):
    sentence = "鍵管理者・PIN管理者・保全責任者がそろっていないため発行できません。管理者が選任してください。"


class IssuerTrouble(RuleViolation):
    sentence = "認証局から応答を得られませんでした。発行依頼は記録されています。監査記録の未完了の操作を確認してください。"


class CoolingOff(RuleViolation):
    sentence = "利用者への通知から24時間の待機期間中です。期間が過ぎてから開封してください。"


class RecoveryRefused(RuleViolation):
    sentence = "この証明書は鍵回復の対象になりません。"


class RecoveryFailed(RuleViolation):
    sentence = "回復の途中で問題が起きました。鍵とPINは取り出されていません。少し待ってから「回復を完了する」を押してください。"


class WrongKey(RuleViolation):
    sentence = "鍵または合言葉が一致しません。ご自身の鍵ファイルと合言葉を確認してください。"
    field = "passphrase"


class RolesExclude(RuleViolation):
    sentence = "兼任できない役割の組み合わせです。役割を見直してください。"
    field = "roles"


class NotEmpty(RuleViolation):
    sentence = "このインスタンスには既にデータがあります。デモは空のインスタンスでのみ作成できます。"


class NumberMismatch(RuleViolation):
    sentence = "入力されたJC番号が一致しません。画面の番号をそのまま入力してください。"
    field = "confirmation"


class WordsNeeded(RuleViolation):
    sentence = "「その他」を選んだときは、理由を言葉で入力してください。"
    field = "words"


class CertificateRevoked(RuleViolation):
    sentence = "この証明書は既に失効しています。あらためて受け付ける必要はありません。"


class CertificateExpired(RuleViolation):
    sentence = "この証明書は有効期間が終わっています。期限切れの証明書は失効の対象になりません。"


class ConsentWithdrawn(RuleViolation):
    sentence = "利用者がバックアップの同意を撤回したため、失効しないと決めることはできません。「失効すると決める」を押してください。"


class RevocationOpen(RuleViolation):
    sentence = "この証明書の失効は既に受け付けています。失効の一覧から続きの手続きをしてください。"

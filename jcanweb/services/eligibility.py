"""Whether a certificate may be issued on an application as things are today: each condition with its own answer (第2条).

Officers see all of them; who applies is told the sentences of those that are not met. Nothing here is stored: a
contract that ends or an edition that changes after the application shows at once.
"""

from dataclasses import dataclass

from jcanweb import calendar, clock
from jcanweb.config import setting
from jcanweb.models import Application
from jcanweb.services import enrollment, organizations, renewal, screening_findings, terms, vetting
from jcanweb.vocabulary import (
    ApplicationKind,
    Authority,
    CheckedField,
    Condition,
    Standing,
    Verdict,
)


@dataclass(frozen=True)
class Answer:
    """How an application stands to one condition."""

    condition: Condition
    standing: Standing
    words: str
    """What is on record, or a sentence that says what is missing."""

    @property
    def stops(self) -> bool:
        """Does it keep the screening from being completed and approved? A verdict that is missing is asked for there."""
        return self.standing is Standing.UNMET or (
            self.standing is Standing.OPEN and self.condition is Condition.VETTING
        )


def answers(application: Application) -> list[Answer]:
    """One for each condition that applies; several for one that fails in several ways."""
    return [
        *_agreement(application),
        *_authority(application),
        *_vetting(application),
        _consent(application),
        _seal_certificate(application),
        _kind(application),
    ]


def obstacles(application: Application) -> list[str]:
    """What speaks against issuing today, one sentence a condition; empty when nothing does."""
    return [one.words for one in answers(application) if one.stops]


def _agreement(application: Application) -> list[Answer]:
    home = application.corporation
    missing = organizations.agreement_obstacles(home)
    end = f"、{calendar.japanese_date(home.agreement_to)}まで" if home.agreement_to else ""
    words = f"{calendar.japanese_date(home.agreement_from)}から{end}有効です。"
    return _of(Condition.AGREEMENT, missing, words)


def _authority(application: Application) -> list[Answer]:
    """Either the representative in person or a delegate: what `organizations` says beyond the agreement."""
    person, home = application.person, application.corporation
    agreement = organizations.agreement_obstacles(home)
    missing = [words for words in organizations.obstacles(person) if words not in agreement]
    if person.authority is Authority.REPRESENTATIVE:
        return _of(Condition.AUTHORITY, missing, "登録されている代表者本人からの申請です。")
    begin = calendar.japanese_date(person.delegated_from) if person.delegated_from else ""
    end = f"{calendar.japanese_date(person.delegated_to)}まで" if person.delegated_to else "期限なし"
    return _of(Condition.DELEGATION, missing, f"{begin}から{end}の委任があります。")


def _vetting(application: Application) -> list[Answer]:
    """What officers have looked into and may still rely on (S/MIME BR 4.2.1)."""
    home, person = application.corporation, application.person
    missing = organizations.vetting_obstacles(home, person)
    if missing:
        return [Answer(Condition.VETTING, Standing.OPEN, one) for one in missing]
    ends = min(vetting.valid_until(one) for one in vetting.newest(home, person).values())
    words = f"法人の実在と申請者の権限を確かめています（{calendar.japanese_date(ends)}まで使えます）。"
    return [Answer(Condition.VETTING, Standing.MET, words)]


def _consent(application: Application) -> Answer:
    edition = terms.in_force()
    if enrollment.consented(application, edition):
        given = calendar.japanese_datetime(application.consents[-1].given_at)
        return Answer(Condition.CONSENT, Standing.MET, f"版 {edition.version} を {given} に承諾しました。")
    words = f"いま有効な規約（版 {edition.version}）の承諾がありません。差し戻すと、申請者が承諾できます。"
    return Answer(Condition.CONSENT, Standing.UNMET, words)


def _seal_certificate(application: Application) -> Answer:
    """Its age on the day of the application; whose it is and that it is one, an officer says."""
    for finding in screening_findings.of_paper(application):
        return Answer(Condition.SEAL_CERTIFICATE, Standing.UNMET, finding.sentence)
    day, months = application.seal_certificate_on, setting("SEAL_CERTIFICATE_MONTHS")
    words = f"{calendar.japanese_date(day) if day else ''}発行で、申請日の時点で{months}か月以内です。"
    paper = application.seal_certificate
    verdicts = [
        check.verdict
        for check in application.checks
        if check.field is CheckedField.SEAL_CERTIFICATE
        and check.revision == application.revision
        and paper is not None
        and check.value == paper.sha256
    ]
    if verdicts and verdicts[-1] is Verdict.PASS:
        return Answer(Condition.SEAL_CERTIFICATE, Standing.MET, words)
    words += "法人名・代表者・発行日が書面のとおりか、まだ判定していません。"
    return Answer(Condition.SEAL_CERTIFICATE, Standing.OPEN, words)


def _kind(application: Application) -> Answer:
    """Renewal: not before its day. The first or one more asks for nothing."""
    renewed = application.renewal_of
    if application.kind is not ApplicationKind.RENEWAL or renewed is None:
        first = application.kind is ApplicationKind.NEW
        words = (
            "提出の時点で、この法人にはまだ証明書がありませんでした。"
            if first
            else "この法人の証明書を増やします。"
        )
        return Answer(Condition.KIND, Standing.MET, words)
    begin, handed_in = renewal.opens_on(renewed), application.submitted_at or clock.now()
    if calendar.jst_date(handed_in) < begin:
        words = f"{renewed.jc_number} を更新できるのは{calendar.japanese_date(begin)}からです。"
        return Answer(Condition.KIND, Standing.UNMET, words)
    words = f"{renewed.jc_number} の更新です（更新の受付は{calendar.japanese_date(begin)}から）。"
    return Answer(Condition.KIND, Standing.MET, words)


def _of(condition: Condition, missing: list[str], words: str) -> list[Answer]:
    return [Answer(condition, Standing.UNMET, one) for one in missing] or [
        Answer(condition, Standing.MET, words)
    ]

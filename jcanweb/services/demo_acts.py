"""What the people of the demo world do, each act by who may do it."""

from datetime import timedelta

from jcanweb import clock, terms
from jcanweb.calendar import jst_date
from jcanweb.models import Application, Certificate, Officer, Person, Recovery, Revocation
from jcanweb.services import (
    comments,
    delivery,
    enrollment,
    enrollment_entries,
    handling,
    issuance,
    recovery,
    revocation,
    screening,
    second_entry,
)
from jcanweb.services import terms as editions
from jcanweb.services.demo_cast import POSTS, paper
from jcanweb.vocabulary import (
    CheckedField,
    PaperPoint,
    RecoveryGround,
    RevocationReason,
    RevocationRequester,
    SecretKind,
    Verdict,
)


class Acts:
    """The acts, by the officers of the demo and for its applicants (a person's word, the number of a post)."""

    def __init__(self, staff: dict[str, Officer], people: dict[str, Person]) -> None:
        self.staff, self.people = staff, people

    def draft(self, who: str, post: int) -> Application:
        person, edition = self.people[who], editions.in_force()
        statements = terms.statements(editions.document(edition))
        served = enrollment.serve(edition, statements, to=person)
        made = enrollment.accept(served, {one.number for one in statements}, by=person)
        entry = enrollment_entries.Entry(
            organization_unit=person.corporation.name_en, organization_unit_ja=person.corporation.name,
            common_name=POSTS[post][0], common_name_ja=POSTS[post][1], years=2, pin_recipient_name=person.name,
            pin_recipient_email=person.email, seal_certificate_on=jst_date(clock.now()) - timedelta(days=30),
            seal_certificate=paper(),
        )  # fmt: skip
        enrollment.save(made, entry, version=made.version, by=person)
        return made

    def submit(self, who: str, post: int) -> Application:
        made = self.draft(who, post)
        enrollment.submit(made, version=made.version, by=self.people[who])
        return made

    def withdraw(self, one: Application) -> None:
        enrollment.withdraw(one, version=one.version, by=one.person)

    def claim(self, one: Application) -> Application:
        handling.start(one, version=one.version, by=self.staff["screener"])
        return one

    def comment(self, one: Application, words: str) -> None:
        comments.write(one, words, by=self.staff["screener"])

    def screen(self, one: Application) -> Application:
        self.claim(one)
        for field in CheckedField:
            screening.check(one, field, Verdict.PASS, "", matched=frozenset(PaperPoint), version=one.version,
                            by=self.staff["screener"])  # fmt: skip
        screening.finish(one, version=one.version, by=self.staff["screener"])
        return one

    def send_back(self, one: Application) -> None:
        self.claim(one)
        words = "登記の英文名称と違います。定款の英文名称に合わせてください。"
        screening.check(one, CheckedField.ORGANIZATION_UNIT, Verdict.FAIL, words, version=one.version,
                        by=self.staff["screener"])  # fmt: skip
        screening.send_back(
            one, "会社名の英文表記を確認してください。", version=one.version, by=self.staff["screener"]
        )

    def reject(self, one: Application) -> None:
        self.screen(one)
        screening.reject(
            one, "同じ部署の申請が既にあるため。", version=one.version, by=self.staff["approver"]
        )

    def approve(self, one: Application) -> Application:
        self.screen(one)
        second_entry.enter(one, organization_unit=one.organization_unit, common_name=one.common_name,
                           version=one.version, by=self.staff["approver"])  # fmt: skip
        screening.approve(one, version=one.version, by=self.staff["approver"])
        return one

    def issue(self, who: str, post: int, *, delivered: bool = True) -> Certificate:
        """A certificate with its backups; the mails with the links of one that was not received stand in the outbox."""
        one = self.approve(self.submit(who, post))
        done = issuance.issue(one, version=one.version, by=self.staff["operator"])
        if done.certificate is None or done.tokens is None:
            raise RuntimeError(f"the embedded CA issued nothing: {done.order.failure}")
        if not delivered:
            delivery.announce(done.certificate, done.tokens)
        for kind in SecretKind if delivered else ():
            found = delivery.find(done.tokens[kind], kind)
            if found is not None:
                delivery.take(found, done.tokens[kind], by=self.people[who])
                delivery.confirm(found, by=self.people[who])
        return done.certificate

    def revocation(self, of: Certificate, reason: RevocationReason, words: str) -> Revocation:
        return revocation.receive(of, reason=reason, requester=RevocationRequester.SUBSCRIBER, words=words,
                                  by=self.staff["screener"])  # fmt: skip

    def recovery(self, of: Certificate, ground: RecoveryGround) -> Recovery:
        return recovery.request(of, ground=ground, proof="登録の電話番号に折り返し、生年月日以外の二項目で本人を確認。",
                                by=self.staff["operator"])  # fmt: skip

    def certificates(self) -> int:
        """Certificates in every state, with revocations and recoveries under way; how many."""
        made = [self.issue("kensetsu", 0), self.issue("denki", 0, delivered=False)]
        gone, doubtful, moved, kept = (
            self.issue("denki clerk", 1), self.issue("sekkei", 1), self.issue("kensetsu clerk", 2), self.issue("denki", 5),
        )  # fmt: skip
        lost, again = self.issue("kensetsu clerk", 1), self.issue("kensetsu", 5)
        approver, operator = self.staff["approver"], self.staff["operator"]
        ended = self.revocation(
            gone, RevocationReason.CESSATION_OF_OPERATION, "退職のため使わなくなりました。"
        )
        revocation.decide(ended, version=ended.version, by=approver)
        revocation.execute(ended, confirmation=gone.jc_number, version=ended.version, by=operator)
        self.revocation(
            doubtful, RevocationReason.KEY_COMPROMISE, "PINのメモを紛失したとの電話がありました。"
        )
        changed = self.revocation(moved, RevocationReason.AFFILIATION_CHANGED, "部署名が変わりました。")
        revocation.decide(changed, version=changed.version, by=approver)
        mistaken = self.revocation(
            kept, RevocationReason.KEY_COMPROMISE, "不審なメールが届いたとの相談です。"
        )
        words = "別のサービスを装う迷惑メールで、PINは入力していないことを確認しました。"
        revocation.refuse(mistaken, words=words, version=mistaken.version, by=approver)
        self.recovery(lost, RecoveryGround.SUBSCRIBER_LOST_PIN)
        waiting = self.recovery(again, RecoveryGround.SUBSCRIBER_LOST_PFX)
        recovery.authorize(waiting, version=waiting.version, by=approver)
        return len([*made, gone, doubtful, moved, kept, lost, again])

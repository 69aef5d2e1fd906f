"""Forms about corporations and their authorised persons."""

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import AnyOf, Optional

from jcanweb import labels, names
from jcanweb.forms.officers import VersionForm
from jcanweb.forms.rules import DayField, choice_field, options_of, sent, text_field
from jcanweb.services import organization_entries
from jcanweb.services.organization_entries import CorporationEntry, PersonEntry
from jcanweb.vocabulary import AgreementState, Authority, DelegationScope


class CorporationForm(VersionForm):
    corporate_number = text_field("法人番号", names.normalise_corporate_number)
    company_id = text_field("企業ID", organization_entries.company_id)
    name = text_field("法人名", lambda typed: names.check_name(typed, "法人名"))
    name_kana = text_field("法人名のフリガナ", names.furigana, required=False)
    name_en = text_field("法人名（英字）", names.certificate_text)
    representative = text_field("代表者の氏名", lambda typed: names.check_name(typed, "代表者の氏名"))
    agreement_state = choice_field("契約の状態", AgreementState, default=AgreementState.ACTIVE.value)
    agreement_from = DayField("契約の開始日")
    agreement_to = DayField("契約の終了日", required=False)

    def entry(self) -> CorporationEntry:
        """What was typed, once it is valid."""
        return CorporationEntry(
            corporate_number=self.corporate_number.data or "", company_id=self.company_id.data or "",
            name=self.name.data or "", name_kana=self.name_kana.data or "", name_en=self.name_en.data or "",
            representative=self.representative.data or "", agreement_state=AgreementState(self.agreement_state.data),
            agreement_from=self.agreement_from.data, agreement_to=self.agreement_to.data,
        )  # fmt: skip


class ChangeForm(CorporationForm):
    concerned = HiddenField()
    confirmed = BooleanField("失効するかどうかの判断が始まることを確かめました")

    def confirms(self, concerned: int) -> bool:
        """Is it known that so many certificates will await a decision? Says so at the tick when it is not."""
        if not concerned or (self.confirmed.data and self.concerned.data == str(concerned)):
            return True
        asked, self.confirmed.data = self.concerned.data, False
        if asked:
            self.confirmed.errors = ["証明書の枚数を確かめて、チェックを入れてください。"]
        return False


class PersonForm(VersionForm):
    name = text_field("氏名", lambda typed: names.check_name(typed, "氏名"))
    name_kana = text_field("フリガナ", names.furigana)
    email = text_field("メールアドレス", names.normalise_email)
    authority = choice_field("権限", Authority)
    delegated_from = DayField("委任の開始日", required=False)
    delegated_to = DayField("委任の終了日", required=False)
    delegation_scope = RadioField(
        "委任の範囲", [Optional(), AnyOf(list(DelegationScope), message="委任の範囲を選んでください。")],
        choices=options_of(labels.choices(DelegationScope)), validate_choice=False,
    )  # fmt: skip
    delegation_document = FileField("委任状（PDF）")

    def entry(self) -> PersonEntry:
        """What was typed, once it is valid."""
        return PersonEntry(
            name=self.name.data or "", name_kana=self.name_kana.data or "", email=self.email.data or "",
            authority=Authority(self.authority.data), delegated_from=self.delegated_from.data,
            delegated_to=self.delegated_to.data,
            delegation_scope=DelegationScope(self.delegation_scope.data) if self.delegation_scope.data else None,
            delegation_document=self.sent_file(),
        )  # fmt: skip

    def sent_file(self) -> bytes | None:
        return sent(self.delegation_document)

"""What may stand in a certificate, on a form and in a search box. Pure functions, no Flask, no database.

subject            OU2 and CN as typed → the certificate's text and what a screener should know about it
legal_form         Co., Ltd. and its kin: unusual spellings and the usual ones; the kind said in Japanese
comparison         a certificate text beside others: same subject, similar name, change since the last certificate
person             company and personal names in Japanese, kept exactly as typed; keys to compare and to search
corporate_number   法人番号
romanisation       フリガナ → Hepburn, as a hint
email              e-mail addresses
words              free text of several lines
"""

from jcanweb.names.comparison import changed, difference, marked, similar, skeleton, subject_key, subject_keys
from jcanweb.names.corporate_number import normalise_corporate_number
from jcanweb.names.email import normalise_email
from jcanweb.names.legal_form import company_kind
from jcanweb.names.person import check_name, comparison_key, furigana, search_key
from jcanweb.names.refusal import NameRefused
from jcanweb.names.romanisation import hepburn, romanisation_hint
from jcanweb.names.subject import acceptable, certificate_text, findings, to_certificate_text
from jcanweb.names.words import check_words

__all__ = [
    "NameRefused", "acceptable", "certificate_text", "changed", "check_name", "check_words", "company_kind",
    "comparison_key", "difference", "findings", "furigana", "hepburn", "marked", "normalise_corporate_number",
    "normalise_email", "romanisation_hint", "search_key", "similar", "skeleton", "subject_key", "subject_keys",
    "to_certificate_text",
]  # fmt: skip

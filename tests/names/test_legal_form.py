import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names.findings import FindingCode, Severity
from jcanweb.names.legal_form import company_kind, slips

from .nasty import DOUBTFUL
from .typed import NAMES, TYPED


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("Tokyo Co,.Ltd", "Tokyo Co., Ltd."),
        ("TOKYO CO.LTD", "TOKYO CO., LTD."),
        ("Tokyo Co.,Ltd", "Tokyo Co., Ltd."),
        ("Tokyo Co.,Ltd. (East)", "Tokyo Co., Ltd. (East)"),
        ("TokyoCo.,Ltd.", "Tokyo Co., Ltd."),
        ("Tokyo Co., Ltd, Sales", "Tokyo Co., Ltd., Sales"),
        ("Tokyo lnc.", "Tokyo Inc."),
        ("TOKYO INC", "TOKYO INC."),
        ("Tokyo KK Sales", "Tokyo K.K. Sales"),
        ("Tokyo k. k.", "Tokyo K.K."),
        ("Tokyo L.L.C", "Tokyo LLC"),
        ("Kabushikigaisha Tokyo", "Kabushiki Kaisha Tokyo"),
        ("GOUDOU GAISHA TOKYO", "GODO KAISHA TOKYO"),
        ("Tokyo Comapny, Limted", "Tokyo Company, Limited"),
    ],
)
def test_a_slip_is_shown_with_the_usual_spelling(typed: str, usual: str) -> None:
    text = typed
    for found, right in slips(typed):
        text = text.replace(found, right)
    assert text == usual


@given(
    st.sampled_from([typed for typed, code in DOUBTFUL if code is FindingCode.LEGAL_FORM and typed.isascii()])
    | NAMES
)
def test_written_as_suggested_nothing_more_is_found(typed: str) -> None:
    text = typed
    for found, right in slips(typed):
        assert found in typed
        text = text.replace(found, right)
    assert slips(text) == ()


@pytest.mark.parametrize(
    "typed",
    ["KK Lines", "Co-Creation Office", "Co-op", "Incubation", "Corporate", "Unlimited", "Ltdx", "Taco"],
)
def test_words_that_only_begin_alike_are_left_alone(typed: str) -> None:
    assert slips(typed) == ()


@pytest.mark.parametrize(("text", "name", "said"), [
    ("Mihon Co., Ltd.", "見本合同会社", "「Co., Ltd.」"), ("MIHON CO., LTD.", "見本合同会社", "「CO., LTD.」"),
    ("Mihon LLC", "株式会社見本", "「LLC」"), ("Mihon L.L.C.", "有限会社見本", "「L.L.C.」"),
    ("Mihon K.K.", "合同会社見本", "「K.K.」"), ("Mihon G.K.", "株式会社見本", "「G.K.」"),
    ("Mihon Godo Kaisha", "株式会社見本", "「Godo Kaisha」"), ("Mihon Inc.", "学校法人見本", "「Inc.」"),
    ("Limited Liability Partnership Mihon", "合同会社見本", "「Limited Liability Partnership」"),
    ("Mihon YK", "株式会社見本", "「YK」"), ("Mihon Ltd. LLC", "合同会社見本", "「Ltd.」"),
])  # fmt: skip
def test_a_kind_of_company_that_the_registered_name_is_not(text: str, name: str, said: str) -> None:
    finding = company_kind(text, name)
    assert finding is not None
    assert (finding.code, finding.severity) == (FindingCode.COMPANY_KIND, Severity.WARN)
    assert said in finding.sentence


@pytest.mark.parametrize(("text", "name"), [
    ("Mihon Co., Ltd.", "見本株式会社"), ("Mihon Corporation", "株式会社見本"), ("KK Mihon", "見本株式会社"),
    ("Mihon Kabushiki Kaisha", "見本株式会社"), ("Mihon Co., Ltd.", "有限会社見本"), ("Mihon LLC", "合同会社見本"),
    ("Mihon Limited Liability Company", "合同会社見本"), ("Medical Corporation Mihon", "医療法人見本"),
    ("Mihon Company", "合同会社見本"), ("Mihon Sales Department", "合同会社見本"), ("Incheon Branch", "合同会社見本"),
    ("Mihon LLP", "見本有限責任事業組合"), ("Skkin", "合同会社見本"), ("", ""),
])  # fmt: skip
def test_a_kind_that_fits_or_none_is_passed_over(text: str, name: str) -> None:
    assert company_kind(text, name) is None


@given(TYPED, st.text(max_size=20))
def test_the_kind_is_judged_by_the_registered_name_alone_and_never_breaks(typed: str, name: str) -> None:
    finding = company_kind(typed, name)
    assert finding == company_kind(typed, f"{name}　{name}")

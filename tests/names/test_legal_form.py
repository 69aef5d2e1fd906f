import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names.findings import FindingCode
from jcanweb.names.legal_form import slips

from .nasty import DOUBTFUL
from .typed import NAMES


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

"""Co., Ltd. and its kin: how the kind of a company is written in English, and the usual slips.

Only a hint: a company's articles may well say "Co.,Ltd", and then that is its name. Nothing is ever changed.
The forms are those of the Companies Act (株式会社, 合同会社, 合名会社, 合資会社, and 有限会社 of before) and
their usual translations.
"""

import re

_KAISHA = r"[ -]?[kg]ais(?:h|y)?a"
_FORMS: tuple[tuple[str, str, str], ...] = (
    ("glued", r"[a-z]*(?-i:[a-z]Co)[.,][ .,]*ltd", " Co., Ltd."),  # KensetsuCo.,Ltd.
    ("co_ltd", r"co[ .,/:-]*(?:ltd|l\.t\.d|lted|ldt)", "Co., Ltd."),
    ("co_limited", r"co[ .,/:-]*limited", "Co., Limited"),
    ("co_inc", r"co[ .,/:-]*[il1]nc", "Co., Inc."),
    ("ltd", r"ltd|ldt", "Ltd."),
    ("inc", r"[il1]nc", "Inc."),
    ("corp", r"corp", "Corp."),
    ("co", r"(?<=[^ ] )co(?=\.?$)", "Co."),
    ("llc", r"llc|l\.l\.?c", "LLC"),
    ("llp", r"llp|l\.l\.?p", "LLP"),
    ("kk", r"(?<=[^ ] )k\.? ?k", "K.K."),
    ("gk", r"(?<=[^ ] )g\.? ?k", "G.K."),
    ("yk", r"(?<=[^ ] )y\.? ?k", "Y.K."),
    ("kabushiki", r"kabu[ -]?sh?iki" + _KAISHA, "Kabushiki Kaisha"),
    ("yugen", r"yuu?gen" + _KAISHA, "Yugen Kaisha"),
    ("godo", r"gou?dou?" + _KAISHA, "Godo Kaisha"),
    ("gomei", r"gou?mei" + _KAISHA, "Gomei Kaisha"),
    ("goshi", r"gou?sh?i" + _KAISHA, "Goshi Kaisha"),
    ("company", r"comapny|compnay|compamy|conpany|compny|campany|companny", "Company"),
    ("limited", r"limted|limitted|limeted|limitid|limietd", "Limited"),
    ("corporation", r"coporation|corporaton|corpration|corparation|corportion|corpolation", "Corporation"),
    ("incorporated", r"incoporated|incorprated|incorperated|incorporeted|incorpolated", "Incorporated"),
)
_USUAL = {name: spelling for name, _, spelling in _FORMS}
_ALSO = {"L.L.C.", "L.L.P."}
_FORM = re.compile(
    rf"(?<![a-z0-9])(?:{'|'.join(f'(?P<{name}>{how})' for name, how, _ in _FORMS)})(?![a-z0-9])\.?",
    re.IGNORECASE,
)


def slips(text: str) -> tuple[tuple[str, str], ...]:
    """Each unusual spelling in a certificate text with the usual one, once each, in the order of the text.

    Capitals stay capitals (CO.LTD → CO., LTD.). Written as suggested, nothing more is found.
    """
    found: dict[str, str] = {}
    for match in _FORM.finditer(text):
        typed, usual = match[0], _USUAL[str(match.lastgroup)]
        if match.lastgroup == "glued":
            usual = typed[: typed.rindex("Co")] + usual
        if typed not in {usual, usual.upper(), *_ALSO}:
            found[typed] = usual.upper() if typed.isupper() else usual
    return tuple(found.items())

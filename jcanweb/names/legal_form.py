"""Co., Ltd. and its kin: how the kind of a company is written in English, and the usual slips.

Only a hint: a company's articles may well say "Co.,Ltd", and then that is its name. Nothing is ever changed.
The forms are those of the Companies Act (株式会社, 合同会社, 合名会社, 合資会社, and 有限会社 of before) and
their usual translations.
"""

import re

from jcanweb.names.findings import Finding, FindingCode, warn

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


_LTD = r"(?:Co\., ?)?(?:Ltd|Limited)"
_STOCK = rf"{_LTD}|Inc|Incorporated|Corp|Corporation"
_SAID: dict[str, str] = {
    "株式会社": rf"{_STOCK}|K\.? ?K|Kabushiki [KG]aisha",
    "有限会社": rf"{_STOCK}|Y\.? ?K|Yugen [KG]aisha",
    "合同会社": r"LLC|L\.L\.C|G\.? ?K|Godo [KG]aisha|Limited Liability Company",
    "合名会社": r"Gomei [KG]aisha|General Partnership",
    "合資会社": r"Goshi [KG]aisha|Limited Partnership",
    "有限責任事業組合": r"LLP|L\.L\.P|Limited Liability Partnership",
}
"""The kind of a corporation as its registered name says it, and what English says for it and for no other kind."""
_NO_KIND = r"Incorporated|Corp|Corporation|Limited"
"""What schools, foundations and agencies say too."""
_KINDS = re.compile(
    rf"(?<![A-Za-z0-9])(?:Limited Liability \w+|{'|'.join(_SAID.values())})(?![A-Za-z0-9])\.?", re.IGNORECASE
)


def company_kind(text: str, name: str) -> Finding | None:
    """A warning when a certificate text says another kind of company than the registered Japanese name does.

    None when the text says none.
    """
    kind = next((kind for kind in _SAID if kind in name), None)
    allowed = re.compile(rf"(?:{_SAID[kind] if kind else _NO_KIND})\.?", re.IGNORECASE)
    wrong = [said[0] for said in _KINDS.finditer(text) if not allowed.fullmatch(said[0])]
    if not wrong:
        return None
    listed = "".join(f"「{said}」" for said in dict.fromkeys(wrong))
    registered = f"登録の法人名は「{kind}」です" if kind else "登録の法人名に会社の種類がありません"
    return warn(
        FindingCode.COMPANY_KIND,
        f"{listed}は法人の種類が違うように読めます。{registered}。定款などの英語の名前で確かめてください。",
    )

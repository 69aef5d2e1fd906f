"""法人番号: the 13-digit number of a corporation, given by the National Tax Agency."""

from stdnum.exceptions import ValidationError
from stdnum.jp import cn

from jcanweb.names.refusal import NameRefused

_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_SEPARATORS = dict.fromkeys(map(ord, " \u3000-‐‑‒–—―−－ーｰ"))


def normalise_corporate_number(typed: str) -> str:
    """Thirteen ASCII digits whose first is the right check digit (9 − (Σ Pn·Qn mod 9)).

    Full-width digits are accepted, hyphens and spaces dropped; any other character raises `NameRefused`, as
    do a wrong length and a wrong check digit. The number is text, never an integer.
    """
    digits = typed.translate(_DIGITS).translate(_SEPARATORS)
    if not digits:
        raise NameRefused("法人番号を入力してください。13桁の数字です。")
    if digits[0] in "TtＴｔ" and len(digits) == 14:
        raise NameRefused("先頭の「T」を取り除いて、13桁の数字だけを入力してください。")
    if not (digits.isascii() and digits.isdigit()):
        raise NameRefused("法人番号は数字だけで入力してください。13桁です。")
    if len(digits) == 12:
        raise NameRefused("12桁の会社法人等番号ではなく、13桁の法人番号を入力してください。")
    if len(digits) != 13:
        raise NameRefused(f"法人番号は13桁で入力してください（いま {min(len(digits), 999)} 桁）。")
    try:
        return str(cn.validate(digits))
    except ValidationError:
        raise NameRefused(
            "法人番号の検査数字が合いません。国税庁の法人番号公表サイトの番号と見比べてください。"
        ) from None

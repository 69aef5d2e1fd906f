"""What people type into OU2 and CN, for property tests: mostly acceptable, now and then not."""

from hypothesis import strategies as st

from .nasty import DOUBTFUL, GOOD

_WORD = st.from_regex(r"[A-Za-z]{2,10}", fullmatch=True) | st.sampled_from(
    [
        "Sales",
        "Modern",
        "Ichiro",
        "lchiro",
        "T0kyo",
        "Co., Ltd.",
        "CO.LTD",
        "K.K.",
        "(East)",
        "O'Hara",
        "1",
        "II",
        "Ａｂ",
        "A&B",
    ]
)
NAMES = st.lists(_WORD, min_size=1, max_size=5).map(" ".join) | st.sampled_from(
    [*GOOD, *(typed for typed, _ in DOUBTFUL)]
)
_ALPHABET = "ABCabcilmnrw019 '()+,-./:=?ＡｂＣ　１．（）&@_é\u200b\u0430"
TYPED = NAMES | st.text(st.sampled_from(_ALPHABET), max_size=70) | st.text(max_size=70)

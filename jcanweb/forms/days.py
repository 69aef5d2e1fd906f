"""A day in Japan, typed or picked."""

import unicodedata
from typing import Any

from wtforms import DateField

FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]


class DayField(DateField):
    """A date picker; 2026/11/24, 2026年11月24日 and full-width digits are read as well."""

    def __init__(self, label: str, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, format=FORMATS, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = "".join(unicodedata.normalize("NFKC", " ".join(valuelist)).split())
        if not typed:
            self.data = None
            return
        try:
            super().process_formdata([typed])
        except ValueError:
            self.data = None
            raise ValueError(
                f"{self.label.text}は 2026-11-24 のような、暦にある日付で入力してください。"
            ) from None

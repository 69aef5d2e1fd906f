"""A visitor: fetches pages like a browser without JavaScript and checks each one it gets."""

import re
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"


class Page:
    def __init__(self, url: str, response: Any) -> None:
        self.url, self.status, self.response = url, response.status_code, response
        self.text = response.get_data(as_text=True)
        parser = html5lib.HTMLParser(strict=False)
        self.tree: Element = parser.parse(self.text)
        self.errors = [name for _, name, _ in parser.errors]

    def all(self, tag: str) -> list[Element]:
        return list(self.tree.iter(f"{HTML}{tag}"))

    def words(self, tag: str) -> list[str]:
        return ["".join(element.itertext()).strip() for element in self.all(tag)]

    @property
    def acts(self) -> list[str]:
        """What the buttons say that work without scripts, but for signing out."""
        shown = ["".join(one.itertext()).strip() for one in self.all("button") if one.get("hidden") is None]
        return [words for words in shown if words not in {"", "サインアウト"}]

    @property
    def h1(self) -> str:
        return self.words("h1")[0]

    def forms(self) -> list[Element]:
        return self.all("form")

    def form(self, button: str) -> Element:
        for form in self.forms():
            if any(button in "".join(found.itertext()) for found in form.iter(f"{HTML}button")):
                return form
        raise AssertionError(f"no form with the button {button!r} on {self.url}")

    def check(self) -> "Page":
        """What every page owes: one title and h1, unique ids, own form targets with a token, nothing inline."""
        assert not self.errors, (self.url, self.errors)
        assert len(self.all("h1")) == 1, self.url
        assert self.words("title")[0].endswith("— jcanweb")
        ids = [element.get("id") for element in self.tree.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), (self.url, sorted(i for i in ids if ids.count(i) > 1))
        for script in self.all("script"):
            assert script.get("src"), self.url
        assert not self.all("style"), self.url
        for element in self.tree.iter():
            assert element.get("style") is None
            assert not [name for name in element.keys() if isinstance(name, str) and name.startswith("on")]
        for form in self.forms():
            if (form.get("method") or "get").lower() == "post":
                names = [field.get("name") for field in form.iter(f"{HTML}input")]
                assert "csrf_token" in names, (self.url, form.get("action"))
        assert "認定認証業務" not in self.text
        return self


def fields(form: Element) -> dict[str, Any]:
    """What the form would send untouched."""
    values: dict[str, Any] = {}
    for field in form.iter(f"{HTML}input"):
        kind = field.get("type", "text")
        if kind in {"checkbox", "radio"} and field.get("checked") is None:
            continue
        if field.get("name") and kind not in {"submit", "file"}:
            values[field.get("name", "")] = field.get("value", "on" if kind == "checkbox" else "")
    for field in form.iter(f"{HTML}textarea"):
        values[field.get("name", "")] = "".join(field.itertext())
    for field in form.iter(f"{HTML}select"):
        options = list(field.iter(f"{HTML}option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        values[field.get("name", "")] = chosen[0].get("value", "") if chosen else ""
    return values


class Visitor:
    def __init__(self, app: Any) -> None:
        self.client = app.test_client()
        self.page: Page | None = None

    def get(self, url: str, status: int = 200) -> Page:
        return self._follow(self.client.get(url), url, status)

    def send(self, button: str, status: int = 200, **values: Any) -> Page:
        """Fill in the form with that button on the page in front of us and press it."""
        assert self.page is not None
        form = self.page.form(button)
        pressed = next(found for found in form.iter(f"{HTML}button") if button in "".join(found.itertext()))
        if pressed.get("name"):
            values.setdefault(pressed.get("name", ""), pressed.get("value", ""))
        url = urljoin(self.page.url, pressed.get("formaction") or form.get("action") or self.page.url)
        multipart = form.get("enctype") == "multipart/form-data"
        data = fields(form) | {name: value for name, value in values.items() if value is not None}
        if form.get("method", "get").lower() == "get":
            return self.get(f"{url.partition('?')[0]}?{urlencode(data)}", status)
        kind = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
        return self._follow(self.client.post(url, data=data, content_type=kind), url, status)

    def post(self, url: str, status: int = 200, **values: Any) -> Page:
        """A POST that no form on the page offers; with a valid token."""
        assert self.page is not None
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page.text)
        values["csrf_token"] = token.group(1) if token else ""
        return self._follow(self.client.post(url, data=values), url, status)

    def _follow(self, response: Any, url: str, status: int) -> Page:
        for _ in range(6):
            if response.status_code not in {301, 302, 303, 307, 308}:
                break
            parts = urlsplit(urljoin(url, response.headers["Location"]))
            url = parts.path + (f"?{parts.query}" if parts.query else "")
            response = self.client.get(url)
        page = Page(url, response) if "html" in response.content_type else None
        assert response.status_code == status, (
            url,
            response.status_code,
            response.get_data(as_text=True)[-1500:],
        )
        if page is None:
            raise NotAPage(response)
        self.page = page.check()
        return page


class NotAPage(Exception):
    """A file came where a page was expected; `.response` holds it."""

    def __init__(self, response: Any) -> None:
        self.response = response

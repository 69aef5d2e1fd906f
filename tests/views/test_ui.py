"""The components rendered alone: a bare Jinja environment, no application, plain WTForms."""

import re
from pathlib import Path

import html5lib
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from wtforms import (
    BooleanField,
    FileField,
    Form,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
ENV = Environment(
    loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
ENV.globals.update(
    csrf_token=lambda: "token-1",
    url_for=lambda endpoint, filename="": f"/{endpoint}/{filename}",
)
OWN_OR_BY = [SelectChoice("own", "代表者"), SelectChoice("by", "委任")]
ERROR_PAGES = [400, 403, 404, 409, 413, 422, 429, 500]


class Example(Form):
    cn = StringField("利用者名", [InputRequired("利用者名を入れてください。"), Length(max=64)])
    note = TextAreaField("メモ")
    reason = SelectField("理由", choices=[SelectChoice("a", "甲"), SelectChoice("b", "乙")])
    promise = BooleanField("約束します", [InputRequired("約束が必要です。")])
    authority = RadioField("権限", [InputRequired("権限を選んでください。")], choices=OWN_OR_BY)
    seal = FileField("印鑑証明書", [InputRequired("ファイルを選んでください。")])


class Whole(Example):
    def validate_note(self, field):
        raise ValidationError("メモが長すぎます。")


def ui(source, **values):
    template = ENV.from_string('{% import "_ui.html" as ui %}' + source)
    text = template.render(**values)
    html5lib.HTMLParser(strict=True).parse(f"<!DOCTYPE html><title>x</title>{text}")
    return text


def page(name="layout.html", **values):
    text = ENV.get_template(name).render(**values)
    html5lib.HTMLParser(strict=True).parse(text)
    return text


def tag(text, start):
    return re.search(rf"<{start}[^>]*>", text).group()


def invalid():
    form = Whole(data={"cn": ""})
    form.validate()
    return form


# --- fields -----------------------------------------------------------------------------------------


def test_a_field_joins_label_hint_and_counter_to_its_control():
    filled = Example(data={"cn": "山田"})
    text = ui('{{ ui.field(f.cn, hint="姓名", counter=64, autocomplete="off") }}', f=filled)
    assert '<label for="cn">利用者名<span class="required">必須</span></label>' in text
    assert 'aria-describedby="cn-hint cn-counter"' in tag(text, "input")
    assert 'autocomplete="off"' in tag(text, "input")
    assert "<span>2</span> / 64 文字" in text


def test_a_field_leaves_every_refusal_to_the_server():
    control = tag(ui("{{ ui.field(f.cn) }}", f=Example()), "input")
    assert "required" not in control
    assert "maxlength" not in control


def test_a_wrong_field_says_so_to_eye_and_ear():
    text = ui("{{ ui.field(f.cn) }}", f=invalid())
    assert 'aria-invalid="true"' in text
    assert 'aria-describedby="cn-error"' in text
    assert 'id="cn-error"' in text
    assert "利用者名を入れてください。" in text


def test_htmx_attributes_are_written_with_hyphens():
    text = ui('{{ ui.field(f.cn, hx_get="/preview", hx_trigger="input delay:300ms") }}', f=Example())
    assert 'hx-get="/preview"' in text
    assert 'hx-trigger="input delay:300ms"' in text


@pytest.mark.parametrize("name", ["note", "reason"])
def test_text_areas_and_selections_are_fields_too(name):
    text = ui("{{ ui.field(f[name]) }}", f=Example(), name=name)
    assert f'for="{name}"' in text
    assert f'id="{name}"' in text


def test_typed_markup_is_shown_as_typed():
    text = ui("{{ ui.field(f.cn) }}", f=Example(data={"cn": '"><b>x</b>'}))
    assert "<b>" not in text


def test_a_checkbox_and_a_file_carry_their_error():
    source = '{{ ui.checkbox_field(f.promise) }}{{ ui.file_field(f.seal, accept="application/pdf") }}'
    text = ui(source, f=invalid())
    assert 'aria-describedby="promise-error"' in text
    assert 'aria-describedby="seal-error"' in text
    assert 'accept="application/pdf"' in text


def test_radio_choices_are_a_group_with_one_legend_and_their_own_hints():
    text = ui('{{ ui.radio_field(f.authority, hint="一つ", hints={"by": "書面が要ります"}) }}', f=invalid())
    assert 'aria-describedby="authority-hint authority-error"' in tag(text, "fieldset")
    assert 'aria-describedby="authority-1-hint"' in text
    assert text.count("<legend>") == 1


# --- forms ------------------------------------------------------------------------------------------


def test_the_error_summary_links_to_every_wrong_field_and_takes_the_focus():
    text = ui("{{ ui.errors(f) }}", f=invalid())
    assert 'role="alert" tabindex="-1" autofocus' in text
    for target in ("#cn", "#note", "#promise", "#authority-0", "#seal"):
        assert f'href="{target}"' in text


def test_the_error_summary_names_the_field_only_when_the_sentence_does_not():
    text = ui("{{ ui.errors(f) }}", f=invalid())
    assert ">利用者名を入れてください。</a>" in text
    assert ">印鑑証明書: ファイルを選んでください。</a>" in text


def test_the_error_summary_is_silent_when_nothing_is_wrong():
    assert ui("{{ ui.errors(f) }}", f=Example()).strip() == ""


def test_the_error_summary_can_say_why_an_act_was_refused():
    assert "すでに発行されています。" in ui('{{ ui.errors(sentence="すでに発行されています。") }}')


def test_every_own_form_of_a_component_carries_the_token():
    text = ui('{{ ui.post_button("/x", "失効する", "danger", {"n": "1"}) }}')
    assert 'name="csrf_token" value="token-1"' in text
    assert 'method="post" action="/x"' in text
    assert 'name="n" value="1"' in text


def test_confirm_says_the_consequence_and_what_to_type():
    opening = '{% call ui.confirm(f.cn, "JC-000012", "戻せません。", "失効する", "/back") %}'
    text = ui(opening + "<p>追加</p>{% endcall %}", f=Example())
    assert "戻せません。" in text
    assert "<code>JC-000012</code>" in text
    assert "<p>追加</p>" in text
    assert 'class="button danger"' in text


def test_confirm_needs_no_call_block():
    assert "失効する" in ui('{{ ui.confirm(f.cn, "JC-1", "戻せません。", "失効する") }}', f=Example())


def test_filters_keep_themselves_in_the_address():
    text = ui('{% call ui.filters("/applications", "/applications") %}x{% endcall %}')
    assert 'method="get" action="/applications"' in text


# --- showing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tone", ["neutral", "active", "good", "warn", "bad"])
def test_every_tone_has_its_word_and_its_shape(tone):
    assert ui("{{ ui.badge('状態', tone) }}", tone=tone) == f'<span class="badge {tone}">状態</span>'
    css = (STATIC / "components.css").read_text()
    assert "clip-path: var(--shape)" in css
    assert f"--shape: var(--shape-{tone});" in (STATIC / "tokens.css").read_text()


def test_facts_show_a_dash_for_what_is_not_there():
    text = ui('{{ ui.facts([("甲", None), ("乙", ""), ("丙", 0)]) }}')
    assert text.count("なし") == 2
    assert "<dd>0</dd>" in text


def test_the_next_box_holds_who_when_and_the_button():
    opening = '{% call ui.next_box("審査する", who="田村", due_words="あと 3時間", tone="warn") %}'
    text = ui(opening + "<b>押す</b>{% endcall %}")
    assert "担当: 田村" in text
    assert 'class="clock warn"' in text
    assert "<b>押す</b>" in text


def test_a_clock_can_show_the_time_gone_as_a_bar():
    assert '<progress value="3" max="24"' in ui('{{ ui.clock("あと 21時間", "active", 3, 24) }}')


def test_a_table_aligns_its_numbers_and_says_why_it_is_empty():
    rows = '{{ ui.empty_row("まだありません。", 2) }}'
    text = ui('{% call ui.table(["番号", ("日数", "number")], "一覧") %}' + rows + "{% endcall %}")
    assert '<th scope="col" class="number">日数</th>' in text
    assert '<td colspan="2">まだありません。</td>' in text


def test_a_timeline_leaves_out_what_is_not_known():
    entry = {"at": "10:32", "what": "受け付けました", "who": None, "detail": None}
    text = ui("{{ ui.timeline(e) }}", e=[entry])
    assert "timeline_who" not in text
    assert "受け付けました" in text


def test_the_step_is_counted_for_people():
    assert "3 / 5</span> 申請内容" in ui('{{ ui.steps(["規約", "会社", "申請内容", "書類", "確認"], 2) }}')


def test_progress_is_told_in_words_too():
    assert "<p>12 / 40 件</p>" in ui('{{ ui.progress(12, 40, "12 / 40 件") }}')


def test_the_pager_is_silent_on_a_single_page():
    assert ui("{{ ui.pager() }}").strip() == ""
    assert 'rel="next"' in ui('{{ ui.pager("/x?after=1") }}')


def test_the_pin_stands_in_groups_and_its_buttons_wait_for_javascript():
    text = ui('{{ ui.pin(["AB3D", "9KQ7"]) }}')
    assert "<span>AB3D</span> <span>9KQ7</span>" in text
    assert all(" hidden" in found for found in re.findall(r"<button[^>]*>", text))


# --- layout, error pages and style ------------------------------------------------------------------


def full(**more):
    nav = [
        {"endpoint_url": "/desk", "label": "仕事", "count": 3, "current": True},
        {"endpoint_url": "/audit", "label": "監査", "count": None, "current": False},
    ]
    values = {
        "area": "staff", "navigation": nav, "signed_in_name": "田村", "sign_out_url": "/out", "me_url": "/me",
        "messages": [("success", "保存しました。")], "demo": True, "footer_links": [("/terms", "利用規約")],
    }  # fmt: skip
    return {**values, **more}


def test_the_layout_shows_the_whole_frame_to_an_officer():
    text = page(**full())
    assert '<html lang="ja">' in text
    assert 'aria-current="page">仕事' in text
    assert "保存しました。" in text
    assert "体験用のデモ環境" in text
    assert "特定認証業務として行うものではありません" in text
    assert 'name="csrf_token"' in text


def test_the_layout_stands_without_any_context():
    text = page()
    assert 'class="public' in text
    assert "サインアウト" not in text
    assert "デモ" not in text


def test_an_applicant_sees_no_menu_of_officers():
    assert 'class="side"' not in page(**full(area="applicant"))


@pytest.mark.parametrize("code", ERROR_PAGES)
def test_every_error_page_has_one_heading_and_its_own_sentence(code):
    assert page(f"errors/{code}.html", sentence="理由です。").count("<h1>") == 1
    assert "理由です。" in page(f"errors/{code}.html", sentence="理由です。")
    assert "<p>" in page(f"errors/{code}.html")


def test_the_forbidden_page_names_the_role_that_could():
    assert "承認（LRA責任者）" in page("errors/403.html", needed="承認（LRA責任者）")


def test_no_template_of_the_frame_carries_inline_style_or_script():
    for file in [ROOT / "templates" / "layout.html", ROOT / "templates" / "_ui.html"]:
        text = file.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, two):
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tone", ["neutral", "active", "good", "warn", "bad"])
def test_words_of_every_tone_can_be_read_on_every_ground(tone):
    tokens = (STATIC / "tokens.css").read_text()
    named = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6}|var\([^)]+\));", tokens))
    colours = {name: named.get(value[6:-1], value) for name, value in named.items()}
    for ground in ("ground", "ground-quiet", f"{tone}-ground"):
        assert contrast(colours[f"{tone}-text"], colours[ground]) >= 4.5
    assert contrast(colours["text-quiet"], colours["ground-quiet"]) >= 4.5


def test_every_component_has_its_class():
    css = (STATIC / "components.css").read_text() + (STATIC / "elements.css").read_text()
    names = re.findall(r"{% macro ([a-z]\w+)", (ROOT / "templates" / "_ui.html").read_text())
    without = {"csrf", "link_button", "button", "copy_button", "print_button"}
    assert [n for n in names if n not in without and f".{n}" not in css] == []

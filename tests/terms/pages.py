"""A terms document of our own, laid out as a PDF extraction leaves it, with the traps of that layout."""

import re
import unicodedata

COLUMNS = 80  # half-width columns, so 40 Japanese characters


def broken(text: str) -> list[str]:
    """Lines of one block as the page breaks them: in Japanese anywhere, else after a word or a slash."""
    lines, room = [""], COLUMNS
    for word in re.findall(r"[!-.0-~]+/*|.", text):
        width = sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in word)
        if width > room:
            lines.append("")
            room = COLUMNS
        lines[-1] += word
        room -= width
    return lines


def extracted(*blocks: str) -> bytes:
    """Each line of a block is what its author wrote as one; the page breaks it, with blank lines between."""
    lines = [line for block in blocks for part in block.split("\n") for line in broken(part)]
    return ("\n\n".join(lines) + "\n").encode()


HEAD = "花見会 会場利用規約 "
COMPANY = " 株式会社はなみ商会 "

ARTICLES = (
    "第１条（この規約） ",
    "  本規約は、株式会社はなみ商会（以下「商会」といいます）が貸し出す会場と備品について、商会と"
    "借りる方（以下「借主」といいます）との間の約束を書いたものです。 ",
    "２ 商会の貸出窓口で受け付けた分だけに当てはめます。案内（https://hanami.example/map/"
    "spring/area-guide-and-bus-stops/）にあります。 ",
    "第２条（借りられる方） ",
    "  借主は、町内に住むか勤める大人で、Hanami Club Card の会員に限ります。 ",
    "第３条（窓口の仕事） ",
    "  商会は貸出窓口を毎週土曜日に開きます。 ",
    "２ 窓口は申込書と身分証を見比べ、名簿に書いてある名前と同じであることを確かめます。 ",
    "３ 窓口の判断に納得できない方は、町内会の世話役に相談してください。 ",
    "第４条（使える場所） ",
    "  会場は、桜公園の中だけです。 ",
    "第５条（借主の約束） ",
    "  借りる前に、次のことを約束してください。 ",
    " ここに書いたことのほかは、その都度相談します。 ",
    "  （１）申込書の名前と電話番号を、窓口の係と世話役が連絡や忘れ物の確認のために見ることに同意する。 ",
    "（２）商会が鍵の写しを作ることに同意する。 ",
    "  （３）雨や風の強いときに商会が貸し出しを取りやめることを認める。 ",
    "（４）人数が変わったときは、すぐに窓口へ知らせる。 ",
    "（５）鍵をなくしたおそれがあるときは、すぐに電話する。 ",
    "（６） 終わりの時刻を過ぎたら、使うのをやめること。 ",
    "第６条（名簿） ",
    "名簿の使い道 ",
    "名簿は、貸し出しの仕事のためにだけ使います。 ",
    "２ ほかに使わないこと ",
    "名簿は、本人に断らずに別のことに使いません。ただし、次のときは別です。 ",
    "（１）断ることで、本人やほかの人がけがをしたり物を失ったりするおそれがある場合 ",
    "（２）断ることで、商会の正しい立場がそこなわれるおそれがある場合 ",
    "（３）町や消防の仕事を手伝うためで、断るとその仕事が進まなくなるおそれがある場合 ",
)
END = ("以上 ", " ", "改定履歴 ", "Version 改定内容 日付 ", "1.0 新規制定 190401 ")
END += ("2.0 貸出窓口の変更による修正 220315 ", "3.0 第 3 条 窓口の曜日を変更 250701 ")


def document(*articles: str) -> bytes:
    """The whole document, or one with other articles."""
    return extracted(HEAD, " ", COMPANY, " ", *(articles or ARTICLES), *END)

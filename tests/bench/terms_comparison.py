"""Time to compare two editions of 100 articles, as a share of the 300 ms it may take.

    .venv/bin/python -m tests.bench.terms_comparison [articles]

Prints the median and the slowest of 20 comparisons a case, each with its ratio to the limit (below 1 is good).
"""

import random
import statistics
import sys
import time

from jcanweb.terms import Document, compare, read

LIMIT = 0.300
ROUNDS = 20
WORDS = (
    "会場 備品 窓口 借主 商会 鍵 申込書 名簿 桜公園 広場 土曜日 貸出 返却 連絡 確認 約束 期限 料金 傘 机 "
    "Hanami Club １ ２ を に は が の と から まで することに しなければなりません 、 、 。"
).split()


def sentence(chance: random.Random, words: int) -> str:
    return chance.choice(WORDS[:20]) + "".join(chance.choices(WORDS, k=words)) + "。"


def article(number: int, chance: random.Random) -> list[str]:
    """Two paragraphs of about 180 characters and six items."""
    items = [f"（{n}）{sentence(chance, 15)}" for n in range(1, 7)]
    return [
        f"第{number}条（{''.join(chance.choices(WORDS[:20], k=3))}）",
        sentence(chance, 60),
        f"２ {sentence(chance, 60)}",
        *items,
    ]


def edition(articles: list[list[str]]) -> Document:
    return read("\n".join(["会場利用規約", *(row for one in articles for row in one)]).encode())


def cases(many: int) -> dict[str, tuple[Document, Document]]:
    """Invented editions: the same, a word changed in every sentence, one article put in, nothing in common."""
    chance = random.Random(1)  # noqa: S311 - the same words each time
    old = [article(number, chance) for number in range(1, many + 1)]
    words = [[row.replace("窓口", "受付").replace("期限", "締め切り", 1) for row in one] for one in old]
    renumbered = [[one[0].replace(f"第{n}条", f"第{n + 1}条"), *one[1:]] for n, one in enumerate(old, 1)]
    added = [article(1, chance), *renumbered]
    other = [article(number, chance) for number in range(1, many + 1)]
    editions = {
        "the same": old,
        "words changed everywhere": words,
        "one article put in": added,
        "all else": other,
    }
    first = edition(old)
    return {name: (first, edition(articles)) for name, articles in editions.items()}


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{many} articles")
    for name, (old, new) in cases(many).items():
        took = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            found = compare(old, new)
            took.append(time.perf_counter() - begun)
        middle, worst = statistics.median(took), max(took)
        changed = sum(article.changed for article in found.articles)
        print(f"{middle * 1000:7.1f} ms  x{middle / LIMIT:.2f}   worst {worst * 1000:7.1f} ms  x{worst / LIMIT:.2f}   "
              f"{name}: {changed} of {len(found.articles)} changed")  # fmt: skip


if __name__ == "__main__":
    main()

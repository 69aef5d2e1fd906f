"""The one error this package raises."""


class NameRefused(ValueError):
    """A typed value that cannot be kept; `sentence` is what the person reads and names the mend.

    The typed value itself is not held, so that no name reaches a log through this error.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

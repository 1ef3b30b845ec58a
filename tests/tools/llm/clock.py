"""A clock that a test moves by hand."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now

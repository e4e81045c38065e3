from typing import final

@final
class Differ: ...

from typing import final

@final
class ByteBuf: ...

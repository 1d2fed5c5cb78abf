"""What every command has in common: a type, a module, and one canonical spelling."""

from hashlib import blake2b
from typing import ClassVar

from schemas.base import Strict


class Command(Strict):
    """A wish, in the imperative. The class states its type and the module that applies it."""

    TYPE: ClassVar[str]
    MODULE: ClassVar[str]

    def fingerprint(self) -> bytes:
        """16 bytes that two commands share only if they ask for the same.

        Absent and null count as equal, so that a field added later changes no old fingerprint.
        """
        canonical = self.__pydantic_serializer__.to_json(self, exclude_none=True)
        return blake2b(self.TYPE.encode() + canonical, digest_size=16).digest()

"""What may go wrong in a store, as the hub hears of it."""

from __future__ import annotations

# StoreFault            the store could not do it, or nobody knows whether it did
# ├── StoreUnsure       an append whose outcome is unknown: read again before believing anything
# └── NameTaken         an account of that name is there already (nothing was written)


class StoreFault(Exception):
    """The store could not do what it was asked. Its text names no value that a person wrote."""


class StoreUnsure(StoreFault):
    """It is not known whether an append was kept."""


class NameTaken(StoreFault):
    """An account of that folded name exists."""

"""The demo account: a maker of shelves and workbenches that exists nowhere."""

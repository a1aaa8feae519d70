"""The checks of the guard, one a file; `tui.desk.guard.CHECKS` is the list of them."""

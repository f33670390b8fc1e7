"""The live board: one page of all runs under a folder, read from their files alone (layer 5).

`watching` knows the runs and what each is doing, `following` reads what a run has logged since it last looked, `holders` knows which
process trains a run and interrupts it, `views` says what the page shows of it, `app` answers the page's requests, `serving` listens.
"""

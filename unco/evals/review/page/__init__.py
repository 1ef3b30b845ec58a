"""The local page of `unco review`: a server on this machine alone, and the page that it shows."""

"""The offline demo: its posts, pictures and recorded answers, and the scripts that made them."""

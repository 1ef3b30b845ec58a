"""Downloads of pictures: from allowed hosts and public addresses only, within a size and a time."""

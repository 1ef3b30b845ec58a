"""What an annotated picture is drawn with: fonts for any writing, places for labels, bars of uncertainty."""

"""The data sets: Twitter-GMNER and Twitter-FMNERG, read from folders."""

"""Read the data sets Twitter-GMNER and Twitter-FMNERG from folders."""

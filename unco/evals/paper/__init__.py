"""The paper's tables and figures as configurations: what was published, beside what is measured here."""

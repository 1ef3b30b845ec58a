"""A person in the loop: what is put to them, in Agent Inbox's form, and what becomes of their answers."""

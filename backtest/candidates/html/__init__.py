"""The reader of HTML earnings reports, from document tree to candidate."""

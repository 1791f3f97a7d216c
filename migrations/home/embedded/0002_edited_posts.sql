-- When the entry that a post was made of last changed; null: it never did.
ALTER TABLE posts ADD COLUMN updated_at INTEGER;

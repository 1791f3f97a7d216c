-- The owner says that the service lost it: when it comes again it is sent again. Beginning it anew clears the mark.
ALTER TABLE marks ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;

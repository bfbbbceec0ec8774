-- What readiness items and settlement channels are set to is read from these tables, so their rows
-- are recorded by the database itself, as people are (migration 0014): an edit by SQL has its event,
-- and one that has none is found. A change by ticket has a version of the setting beside it.
CREATE FUNCTION record_setting_in_force() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  facts jsonb := coalesce(is_now, was);
BEGIN
  IF was = is_now THEN RETURN NULL; END IF;
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after)
  VALUES (TG_TABLE_NAME, coalesce(nullif(current_setting('daycut.person', true), ''), 'system'),
    TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'UPDATE' THEN '.changed'
      ELSE '.removed' END,
    'ACCEPTED', 'setting', TG_ARGV[1] || '.' || (facts ->> TG_ARGV[2]), was, is_now);
  RETURN NULL;
END $$;
--> statement-breakpoint
SET LOCAL timezone = 'UTC';
--> statement-breakpoint
DO $$
DECLARE t text; noun text; kind text; key text;
BEGIN
  FOR t, noun, kind, key IN VALUES
    ('readiness_items', 'readiness_item', 'readiness', 'item'),
    ('settlement_channels', 'settlement_channel', 'channel', 'settlement_channel')
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION record_setting_in_force(%L, %L, %L)',
      t || '_record', t, noun, kind, key);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
    -- An installation of an earlier release begins with what is in force now.
    EXECUTE format('INSERT INTO audit_events (covers, person, action, outcome, target_type,
      target_id, after) SELECT %L, ''system'', %L, ''ACCEPTED'', ''setting'',
      %L || (to_jsonb(r) ->> %L), to_jsonb(r) FROM %I r',
      t, noun || '.carried_over', kind || '.', key, t);
  END LOOP;
END $$;
--> statement-breakpoint
-- Another migration of the same transaction may want to alter the table.
SET CONSTRAINTS ALL IMMEDIATE;
--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;

-- Who may do what is recorded by the database itself, as tickets are (migration 0007): a role that
-- SQL gives, or takes, has no event and is found. Rows may be removed: then `after` is null.
CREATE FUNCTION record_access() RETURNS trigger LANGUAGE plpgsql
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
    'ACCEPTED', CASE WHEN facts ? 'person_id' THEN 'person' ELSE 'role' END,
    coalesce(facts ->> 'person_id', facts ->> 'role'), was, is_now);
  RETURN NULL;
END $$;
--> statement-breakpoint
SET LOCAL timezone = 'UTC';
--> statement-breakpoint
DO $$
DECLARE t text; noun text;
BEGIN
  FOREACH t IN ARRAY ARRAY['people', 'sign_in_accounts', 'person_roles', 'role_permissions'] LOOP
    noun := CASE t WHEN 'people' THEN 'person' ELSE left(t, -1) END;
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION record_access(%L)', t || '_record', t, noun);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
    EXECUTE format('INSERT INTO audit_events (covers, person, action, outcome, target_type,
      target_id, after) SELECT %L, ''system'', %L, ''ACCEPTED'', CASE WHEN to_jsonb(r) ? ''person_id''
      THEN ''person'' ELSE ''role'' END, coalesce(to_jsonb(r) ->> ''person_id'',
      to_jsonb(r) ->> ''role''), to_jsonb(r) FROM %I r', t, noun || '.carried_over', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- Another migration of the same transaction may want to alter the table.
SET CONSTRAINTS ALL IMMEDIATE;
--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;

CREATE TABLE "fx_rates" (
	"rate_id" integer PRIMARY KEY NOT NULL,
	"from_currency" text NOT NULL,
	"to_currency" text NOT NULL,
	"valid_from" date NOT NULL,
	"version" integer NOT NULL,
	"rate" numeric NOT NULL,
	"source" text NOT NULL,
	"known_from" date NOT NULL,
	"added_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "fx_rates_are_above_zero" CHECK ("fx_rates"."rate" > 0),
	CONSTRAINT "fx_rates_lead_elsewhere" CHECK ("fx_rates"."from_currency" <> "fx_rates"."to_currency")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "fx_rates_have_versions" ON "fx_rates" USING btree ("from_currency","to_currency","valid_from","version");--> statement-breakpoint
-- Rates are recorded by the database itself, as fee rules, scenarios and default packages are.
CREATE OR REPLACE FUNCTION record_fee_configuration() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  facts jsonb := to_jsonb(NEW);
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, after,
    ticket_id)
  VALUES (TG_TABLE_NAME, NEW.added_by, TG_ARGV[0] || '.added', 'ACCEPTED', TG_ARGV[0],
    coalesce(facts ->> 'scenario_id', concat_ws('/', facts ->> 'market', facts ->> 'account_kind',
      facts ->> 'from_currency', facts ->> 'to_currency')), facts, NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER fx_rates_record AFTER INSERT ON fx_rates
  FOR EACH ROW EXECUTE FUNCTION record_fee_configuration('fx_rate');
--> statement-breakpoint
CREATE TRIGGER fx_rates_append_only BEFORE UPDATE OR DELETE ON fx_rates
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fx_rates_no_truncate BEFORE TRUNCATE ON fx_rates
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
REVOKE UPDATE, DELETE ON fx_rates FROM daycut_app;
--> statement-breakpoint
-- Which package an account has, whom a fee is owed to, and what a person said of stamp duty decide
-- what a client pays, so the database records each change of them, as of settings (migration 0015).
CREATE FUNCTION record_fee_basis() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  facts jsonb := coalesce(is_now, was);
BEGIN
  IF was = is_now THEN RETURN NULL; END IF;
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES (TG_TABLE_NAME,
    coalesce(facts ->> 'editor', nullif(current_setting('daycut.person', true), ''), 'system'),
    TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'UPDATE' THEN '.changed'
      ELSE '.removed' END,
    'ACCEPTED', TG_ARGV[0], concat_ws('/', facts ->> TG_ARGV[1], facts ->> 'market'), was, is_now,
    facts ->> 'ticket_id');
  RETURN NULL;
END $$;
--> statement-breakpoint
SET LOCAL timezone = 'UTC';
--> statement-breakpoint
DO $$
DECLARE t text; noun text; key text;
BEGIN
  FOR t, noun, key IN VALUES
    ('account_fee_schedules', 'account_package', 'account_id'),
    ('fee_codes', 'fee_code', 'fee_code'),
    ('stamp_duty_edits', 'stamp_duty_edit', 'instrument_id')
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION record_fee_basis(%L, %L)', t || '_record', t, noun, key);
    -- An installation of an earlier release begins with what is in force now.
    EXECUTE format('INSERT INTO audit_events (covers, person, action, outcome, target_type,
      target_id, after) SELECT %L, ''system'', %L, ''ACCEPTED'', %L,
      concat_ws(''/'', to_jsonb(r) ->> %L, to_jsonb(r) ->> ''market''), to_jsonb(r) FROM %I r',
      t, noun || '.carried_over', noun, key, t);
  END LOOP;
END $$;
--> statement-breakpoint
CREATE TRIGGER account_fee_schedules_no_truncate BEFORE TRUNCATE ON account_fee_schedules
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fee_codes_no_truncate BEFORE TRUNCATE ON fee_codes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Another migration of the same transaction may want to alter the table.
SET CONSTRAINTS ALL IMMEDIATE;
--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;

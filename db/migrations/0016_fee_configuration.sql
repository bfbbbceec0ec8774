CREATE TABLE "default_packages" (
	"market" text NOT NULL,
	"account_kind" text NOT NULL,
	"version" integer NOT NULL,
	"schedule_id" text,
	"added_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "default_packages_pk" PRIMARY KEY("market","account_kind","version")
);
--> statement-breakpoint
CREATE TABLE "fee_scenarios" (
	"scenario_id" text NOT NULL,
	"version" integer NOT NULL,
	"effective_from" date NOT NULL,
	"definition" jsonb NOT NULL,
	"added_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "fee_scenarios_pk" PRIMARY KEY("scenario_id","version")
);
--> statement-breakpoint
ALTER TABLE "account_fee_schedules" ADD COLUMN "ticket_id" text;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "account_no" text;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "known_from" date;--> statement-breakpoint
-- What a rule comes after: of the same account, too.
CREATE OR REPLACE FUNCTION record_fee_rule() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES ('fee_rules', NEW.added_by, 'fee_rule.added', 'ACCEPTED', 'fee_rule', NEW.rule_id,
    (SELECT to_jsonb(r) FROM fee_rules r
     WHERE r.market = NEW.market AND r.fee_code = NEW.fee_code AND r.rule_id <> NEW.rule_id
       AND r.schedule_id IS NOT DISTINCT FROM NEW.schedule_id
       AND r.account_no IS NOT DISTINCT FROM NEW.account_no
     ORDER BY r.effective_from DESC, r.version DESC, r.rule_id DESC LIMIT 1),
    to_jsonb(NEW), NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Scenarios and default packages are recorded by the database itself, as fee rules are.
CREATE FUNCTION record_fee_configuration() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  facts jsonb := to_jsonb(NEW);
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, after,
    ticket_id)
  VALUES (TG_TABLE_NAME, NEW.added_by, TG_ARGV[0] || '.added', 'ACCEPTED', TG_ARGV[0],
    coalesce(facts ->> 'scenario_id',
      concat_ws('/', facts ->> 'market', facts ->> 'account_kind')), facts, NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['fee_scenarios', 'default_packages'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I
      FOR EACH ROW EXECUTE FUNCTION record_fee_configuration(%L)', t || '_record', t, left(t, -1));
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION refuse_change()', t || '_append_only', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON fee_scenarios, default_packages FROM daycut_app;

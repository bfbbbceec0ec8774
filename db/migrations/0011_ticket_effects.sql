CREATE TABLE "manual_passes" (
	"ledger_date" date NOT NULL,
	"flow" text NOT NULL,
	"kind" text NOT NULL,
	"item" text NOT NULL,
	"evidence_hash" text NOT NULL,
	"ticket_id" text NOT NULL,
	"maker" text NOT NULL,
	"approvers" text[] NOT NULL,
	"passed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "manual_passes_pk" PRIMARY KEY("ledger_date","flow","kind","item","evidence_hash"),
	CONSTRAINT "manual_passes_one_per_ticket" UNIQUE("ticket_id")
);
--> statement-breakpoint
CREATE TABLE "setting_versions" (
	"setting" text NOT NULL,
	"version" integer NOT NULL,
	"before" jsonb,
	"after" jsonb NOT NULL,
	"changed_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "setting_versions_pk" PRIMARY KEY("setting","version")
);
--> statement-breakpoint
ALTER TABLE "readiness_results" ADD COLUMN "evidence_hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "added_by" text DEFAULT 'system' NOT NULL;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "approved_by" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "ticket_id" text;--> statement-breakpoint
ALTER TABLE "fee_rules" ADD COLUMN "added_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "check_summaries" DROP COLUMN "fix_status";--> statement-breakpoint
-- Rules that are older than this table's history, so that their rows are covered too.
SET LOCAL timezone = 'UTC';
--> statement-breakpoint
INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, after)
SELECT 'fee_rules', 'system', 'fee_rule.carried_over', 'ACCEPTED', 'fee_rule', rule_id, to_jsonb(r)
FROM fee_rules r ORDER BY rule_id;
--> statement-breakpoint
-- Another migration of the same transaction may want to alter the table.
SET CONSTRAINTS ALL IMMEDIATE;
--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;
--> statement-breakpoint
-- What tickets change is recorded by the database itself, as tickets are (migration 0007).
CREATE FUNCTION record_setting() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES ('setting_versions', NEW.changed_by, 'setting.changed', 'ACCEPTED', 'setting', NEW.setting,
    (SELECT to_jsonb(v) FROM setting_versions v
     WHERE v.setting = NEW.setting AND v.version < NEW.version ORDER BY v.version DESC LIMIT 1),
    to_jsonb(NEW), NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER setting_versions_record AFTER INSERT ON setting_versions
  FOR EACH ROW EXECUTE FUNCTION record_setting();
--> statement-breakpoint
CREATE FUNCTION record_manual_pass() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, ledger_date, person, action, outcome, target_type, target_id,
    after, ticket_id, workflow_id)
  VALUES ('manual_passes', NEW.ledger_date, NEW.maker, NEW.kind || '.passed_by_hand', 'ACCEPTED',
    NEW.kind, NEW.ledger_date || '/' || NEW.flow || '/' || NEW.item, to_jsonb(NEW), NEW.ticket_id,
    'clearing/' || NEW.ledger_date || '/' || NEW.flow);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER manual_passes_record AFTER INSERT ON manual_passes
  FOR EACH ROW EXECUTE FUNCTION record_manual_pass();
--> statement-breakpoint
CREATE FUNCTION record_fee_rule() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES ('fee_rules', NEW.added_by, 'fee_rule.added', 'ACCEPTED', 'fee_rule', NEW.rule_id,
    (SELECT to_jsonb(r) FROM fee_rules r
     WHERE r.market = NEW.market AND r.fee_code = NEW.fee_code AND r.rule_id <> NEW.rule_id
       AND r.schedule_id IS NOT DISTINCT FROM NEW.schedule_id
     ORDER BY r.effective_from DESC, r.version DESC, r.rule_id DESC LIMIT 1),
    to_jsonb(NEW), NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER fee_rules_record AFTER INSERT ON fee_rules
  FOR EACH ROW EXECUTE FUNCTION record_fee_rule();
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['setting_versions', 'manual_passes', 'fee_rules'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION refuse_change()', t || '_append_only', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON setting_versions, manual_passes, fee_rules FROM daycut_app;

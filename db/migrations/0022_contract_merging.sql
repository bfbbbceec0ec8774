CREATE TABLE "merged_orders" (
	"ledger_date" date NOT NULL,
	"contract_id" bigint NOT NULL,
	"place" integer NOT NULL,
	"billing_run_id" bigint NOT NULL,
	"order_no" bigint NOT NULL,
	"order_id" text NOT NULL,
	CONSTRAINT "merged_orders_pk" PRIMARY KEY("ledger_date","contract_id","place"),
	CONSTRAINT "merged_orders_one_per_order_and_run" UNIQUE("order_no","billing_run_id","ledger_date")
);
--> statement-breakpoint
CREATE TABLE "merge_rules" (
	"rule_no" integer PRIMARY KEY NOT NULL,
	"merge_rule_id" text NOT NULL,
	"version" integer NOT NULL,
	"market" text NOT NULL,
	"effective_from" date NOT NULL,
	"known_from" date NOT NULL,
	"definition" jsonb NOT NULL,
	"added_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "merge_rules_one_per_version" UNIQUE("merge_rule_id","version")
);
--> statement-breakpoint
CREATE INDEX "merged_orders_by_source_id" ON "merged_orders" USING btree ("order_id");--> statement-breakpoint
-- The orders of each contract, of its first one on.
CREATE VIEW contract_orders AS
  SELECT ledger_date, contract_id, 1 AS place, billing_run_id, order_no, order_id FROM contracts
  UNION ALL
  SELECT ledger_date, contract_id, place, billing_run_id, order_no, order_id FROM merged_orders;
--> statement-breakpoint
-- Of contracts that count; as live_contracts.
CREATE VIEW live_contract_orders AS
  SELECT c.*, r.flow FROM contract_orders c
  JOIN step_runs r ON r.step_run_id = c.billing_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['merged_orders', 'merge_rules'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION refuse_change()', t || '_append_only', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON merged_orders, merge_rules FROM daycut_app;
--> statement-breakpoint
-- Merge rules are recorded by the database itself, as fee rules are.
CREATE FUNCTION record_merge_rule() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES ('merge_rules', NEW.added_by, 'merge_rule.added', 'ACCEPTED', 'merge_rule',
    NEW.merge_rule_id, (SELECT to_jsonb(r) FROM merge_rules r
      WHERE r.merge_rule_id = NEW.merge_rule_id AND r.version = NEW.version - 1),
    to_jsonb(NEW), NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER merge_rules_record AFTER INSERT ON merge_rules
  FOR EACH ROW EXECUTE FUNCTION record_merge_rule();

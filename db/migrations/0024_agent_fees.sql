CREATE TABLE "agent_fee_rules" (
	"rule_id" integer PRIMARY KEY NOT NULL,
	"settlement_channel" text NOT NULL,
	"fee_code" text NOT NULL,
	"market" text NOT NULL,
	"version" integer NOT NULL,
	"effective_from" date NOT NULL,
	"definition" jsonb NOT NULL,
	"added_by" text NOT NULL,
	"approved_by" text[] DEFAULT '{}' NOT NULL,
	"ticket_id" text,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	"known_from" date NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agent_fees" (
	"ledger_date" date NOT NULL,
	"contract_id" bigint NOT NULL,
	"line" smallint NOT NULL,
	"fee_code_id" smallint NOT NULL,
	"execution_no" integer NOT NULL,
	"choice_id" integer NOT NULL,
	"metric" numeric NOT NULL,
	"exact_amount" numeric NOT NULL,
	"clamp" text NOT NULL,
	"amount" numeric NOT NULL,
	CONSTRAINT "agent_fees_pk" PRIMARY KEY("ledger_date","contract_id","line")
);
--> statement-breakpoint
CREATE INDEX "agent_fee_rules_by_channel" ON "agent_fee_rules" USING btree ("settlement_channel");--> statement-breakpoint
-- Agent fees are recorded by the database itself, as fee rules are.
CREATE FUNCTION record_agent_fee_rule() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after,
    ticket_id)
  VALUES ('agent_fee_rules', NEW.added_by, 'agent_fee.added', 'ACCEPTED', 'agent_fee', NEW.rule_id,
    (SELECT to_jsonb(r) FROM agent_fee_rules r
     WHERE r.settlement_channel = NEW.settlement_channel AND r.fee_code = NEW.fee_code
       AND r.rule_id <> NEW.rule_id
     ORDER BY r.effective_from DESC, r.version DESC, r.rule_id DESC LIMIT 1),
    to_jsonb(NEW), NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER agent_fee_rules_record AFTER INSERT ON agent_fee_rules
  FOR EACH ROW EXECUTE FUNCTION record_agent_fee_rule();
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['agent_fee_rules', 'agent_fees'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION refuse_change()', t || '_append_only', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON agent_fee_rules, agent_fees FROM daycut_app;

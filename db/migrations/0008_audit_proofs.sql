-- Nothing was written to these two yet; they get another shape.
DROP TABLE daily_roots;
--> statement-breakpoint
DROP TABLE journal_seals;
--> statement-breakpoint
CREATE TABLE "daily_roots" (
	"root_no" integer PRIMARY KEY NOT NULL,
	"ledger_date" date NOT NULL,
	"previous_root" "bytea" NOT NULL,
	"last_step_run_id" bigint NOT NULL,
	"seals" integer NOT NULL,
	"journals" bigint NOT NULL,
	"journals_root" "bytea" NOT NULL,
	"audit_seq" bigint NOT NULL,
	"audit_hash" "bytea" NOT NULL,
	"root" "bytea" NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "journal_seals" (
	"ledger_date" date NOT NULL,
	"step_run_id" bigint NOT NULL,
	"shard" integer NOT NULL,
	"chunk" integer NOT NULL,
	"journals" integer NOT NULL,
	"root" "bytea" NOT NULL,
	"leaves" "bytea" NOT NULL,
	CONSTRAINT "journal_seals_pk" PRIMARY KEY("ledger_date","step_run_id","shard","chunk")
);
--> statement-breakpoint
-- Hashes do not compress; trying would cost more than writing them.
ALTER TABLE journal_seals ALTER COLUMN leaves SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "covers" text;
--> statement-breakpoint
CREATE INDEX "audit_events_by_ticket" ON "audit_events" USING btree ("ticket_id","event_id") WHERE ticket_id IS NOT NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_one_sign_in_per_token" ON "audit_events" USING btree ("target_id") WHERE action = 'sign_in.token';
--> statement-breakpoint
CREATE INDEX "daily_roots_by_date" ON "daily_roots" USING btree ("ledger_date");
--> statement-breakpoint
-- The canonical text of an event (domain/audit/canonical-text.ts says the same): what is hashed.
CREATE FUNCTION audit_event_text(e audit_events) RETURNS text LANGUAGE sql STABLE
  SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT jsonb_build_array(
    e.event_id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(e.ledger_date, 'YYYY-MM-DD'), e.covers, e.person, e.account, e.action, e.outcome,
    e.code, e.permission, e.target_type, e.target_id, e.before, e.after, e.ticket_id,
    e.command_id, e.workflow_id, e.run_id, e.request_id)::text
$$;
--> statement-breakpoint
INSERT INTO audit_head (one, seq, hash) VALUES (true, 0, decode(repeat('00', 32), 'hex'));
--> statement-breakpoint
-- Appends an event to the chain when its transaction commits: only commits stand in line here, and
-- the head is the last lock that a transaction takes, so it takes part in no deadlock. With the
-- rights of its owner, since the application may not write to the chain itself.
CREATE FUNCTION chain_audit_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head audit_head%ROWTYPE;
  content bytea := sha256(convert_to(audit_event_text(NEW), 'UTF8'));
  link bytea;
BEGIN
  SELECT * INTO STRICT head FROM audit_head WHERE one FOR UPDATE;
  link := sha256(head.hash || content);
  INSERT INTO audit_chain (seq, event_id, content_hash, prev_hash, hash)
  VALUES (head.seq + 1, NEW.event_id, content, head.hash, link);
  UPDATE audit_head SET seq = head.seq + 1, hash = link WHERE one;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER audit_events_chain AFTER INSERT ON audit_events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_audit_event();
--> statement-breakpoint
-- Commands, tickets, decisions, approval flows and roots are recorded by the database itself, with a
-- copy of the whole row: no change of them can go unrecorded, and a row that differs is found.
CREATE FUNCTION record_command() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, ledger_date, person, action, outcome, code, target_type,
    target_id, before, after, ticket_id, command_id, workflow_id)
  VALUES ('commands', NEW.ledger_date, NEW.person, 'command.' || lower(NEW.status),
    CASE NEW.status WHEN 'REFUSED' THEN 'REFUSED' WHEN 'EXPIRED' THEN 'FAILED' ELSE 'ACCEPTED' END,
    NEW.code, 'flow', NEW.ledger_date || '/' || NEW.flow,
    CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW),
    NEW.payload ->> 'ticketId', NEW.command_id,
    CASE NEW.kind WHEN 'dayCut' THEN 'ledger-day/' || NEW.ledger_date
      ELSE 'clearing/' || NEW.ledger_date || '/' || NEW.flow END);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER commands_record AFTER INSERT OR UPDATE ON commands
  FOR EACH ROW EXECUTE FUNCTION record_command();
--> statement-breakpoint
CREATE FUNCTION record_ticket() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NULL; END IF;
  INSERT INTO audit_events (covers, ledger_date, person, account, action, outcome, code,
    target_type, target_id, before, after, ticket_id, workflow_id)
  VALUES ('tickets', NEW.ledger_date,
    CASE TG_OP WHEN 'INSERT' THEN NEW.maker ELSE 'system' END,
    CASE TG_OP WHEN 'INSERT' THEN NEW.maker_account END,
    CASE WHEN TG_OP = 'INSERT' THEN 'ticket.opened'
      WHEN NEW.status <> OLD.status THEN 'ticket.' || lower(NEW.status) ELSE 'ticket.moved' END,
    CASE WHEN NEW.status IN ('FAILED', 'STALE', 'EXPIRED') THEN 'FAILED' ELSE 'ACCEPTED' END,
    NEW.result_code, NEW.target_type, NEW.target_id,
    CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW),
    NEW.ticket_id, 'ticket/' || NEW.ticket_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER tickets_record AFTER INSERT OR UPDATE ON tickets
  FOR EACH ROW EXECUTE FUNCTION record_ticket();
--> statement-breakpoint
CREATE FUNCTION record_ticket_decision() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN RETURN NULL; END IF;
  INSERT INTO audit_events (covers, ledger_date, person, account, action, outcome, code,
    target_type, target_id, before, after, ticket_id, workflow_id, request_id)
  SELECT 'ticket_decisions', t.ledger_date,
    CASE TG_OP WHEN 'INSERT' THEN NEW.person ELSE 'system' END,
    CASE TG_OP WHEN 'INSERT' THEN NEW.account END,
    CASE TG_OP WHEN 'INSERT' THEN 'ticket.' || NEW.kind ELSE 'ticket.decision_taken' END,
    CASE WHEN NEW.ignored_because IS NULL THEN 'ACCEPTED' ELSE 'REFUSED' END,
    NEW.ignored_because, t.target_type, t.target_id,
    CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW),
    NEW.ticket_id, 'ticket/' || NEW.ticket_id, NEW.request_id
  FROM tickets t WHERE t.ticket_id = NEW.ticket_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER ticket_decisions_record AFTER INSERT OR UPDATE ON ticket_decisions
  FOR EACH ROW EXECUTE FUNCTION record_ticket_decision();
--> statement-breakpoint
CREATE FUNCTION record_ticket_flow() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, person, action, outcome, target_type, target_id, before, after)
  VALUES ('ticket_flows', NEW.changed_by, 'ticket_flow.changed', 'ACCEPTED', 'ticket_flow',
    NEW.ticket_key,
    (SELECT to_jsonb(f) FROM ticket_flows f
     WHERE f.ticket_key = NEW.ticket_key AND f.version < NEW.version
     ORDER BY f.version DESC LIMIT 1),
    to_jsonb(NEW));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER ticket_flows_record AFTER INSERT ON ticket_flows
  FOR EACH ROW EXECUTE FUNCTION record_ticket_flow();
--> statement-breakpoint
CREATE FUNCTION record_daily_root() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO audit_events (covers, ledger_date, person, action, outcome, target_type, target_id,
    after, workflow_id)
  VALUES ('daily_roots', NEW.ledger_date, 'system', 'ledger_date.rooted', 'ACCEPTED',
    'ledger_date', to_char(NEW.ledger_date, 'YYYY-MM-DD'), to_jsonb(NEW),
    'ledger-day/' || NEW.ledger_date);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER daily_roots_record AFTER INSERT ON daily_roots
  FOR EACH ROW EXECUTE FUNCTION record_daily_root();
--> statement-breakpoint
-- Commands that are older than the log, so that their rows are covered too.
SET LOCAL timezone = 'UTC';
--> statement-breakpoint
INSERT INTO audit_events (covers, ledger_date, person, action, outcome, code, target_type,
  target_id, after, command_id)
SELECT 'commands', ledger_date, person, 'command.carried_over', 'ACCEPTED', code, 'flow',
  ledger_date || '/' || flow, to_jsonb(c), command_id FROM commands c ORDER BY seq;
--> statement-breakpoint
-- Another migration of the same transaction may want to alter the table.
SET CONSTRAINTS ALL IMMEDIATE;
--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;
--> statement-breakpoint
-- What a command or decision says stays; only its outcome is still to be written.
CREATE FUNCTION refuse_change_of_facts() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
    RAISE EXCEPTION '% keeps its facts: % is refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER commands_keep_facts BEFORE UPDATE OR DELETE ON commands FOR EACH ROW
  EXECUTE FUNCTION refuse_change_of_facts('status', 'code', 'details', 'final_at');
--> statement-breakpoint
CREATE TRIGGER commands_final_stays BEFORE UPDATE ON commands FOR EACH ROW
  WHEN (OLD.status <> 'RECORDED') EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER ticket_decisions_keep_facts BEFORE UPDATE OR DELETE ON ticket_decisions FOR EACH ROW
  EXECUTE FUNCTION refuse_change_of_facts('taken_at', 'counted', 'ignored_because');
--> statement-breakpoint
CREATE TRIGGER tickets_stay BEFORE DELETE ON tickets
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit_events', 'audit_chain', 'journal_seals', 'daily_roots',
                           'ticket_flows'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION refuse_change()', t || '_append_only', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['audit_events', 'audit_chain', 'audit_head', 'journal_seals',
                           'daily_roots', 'ticket_flows', 'tickets', 'ticket_decisions',
                           'commands'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t || '_no_truncate', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- A trigger against TRUNCATE on a partitioned table does not guard its partitions.
CREATE FUNCTION guard_partition(partition text, parent text) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, daycut_app', partition);
  IF parent IN ('journals', 'postings', 'contracts', 'fees') THEN
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition || '_no_truncate', partition);
  END IF;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION open_partitions(d date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE t text; partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(7703, (d - date '2000-01-01'));
  FOREACH t IN ARRAY ARRAY['orders','executions','contracts','fees','journals','postings'] LOOP
    partition := t || '_' || to_char(d, 'YYYYMMDD');
    CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES IN (%L)',
                   partition, t, d);
    PERFORM guard_partition(partition, t);
  END LOOP;
END $$;
--> statement-breakpoint
-- The role that servers and workers take on. What auditors rely on it can add to, never change.
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'daycut_app') THEN
    CREATE ROLE daycut_app NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- Another database of this cluster was faster.
END $$;
--> statement-breakpoint
DO $$
DECLARE one record;
BEGIN
  GRANT USAGE ON SCHEMA public, front_office TO daycut_app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, front_office TO daycut_app;
  GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public, front_office TO daycut_app;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public, front_office
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO daycut_app;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public, front_office
    GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO daycut_app;
  FOR one IN SELECT i.inhrelid::regclass::text AS partition, i.inhparent::regclass::text AS parent
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' LOOP
    PERFORM guard_partition(one.partition, one.parent);
  END LOOP;
END $$;
--> statement-breakpoint
REVOKE UPDATE, DELETE ON audit_events, journal_seals, daily_roots, journals, postings, contracts, fees, ticket_flows, ticket_decisions, commands, archived_histories, workflow_bundles, activity_attempts FROM daycut_app;
--> statement-breakpoint
REVOKE DELETE ON tickets FROM daycut_app;
--> statement-breakpoint
REVOKE INSERT, UPDATE, DELETE ON audit_chain, audit_head FROM daycut_app;
--> statement-breakpoint
GRANT UPDATE (status, code, details, final_at) ON commands TO daycut_app;
--> statement-breakpoint
GRANT UPDATE (taken_at, counted, ignored_because) ON ticket_decisions TO daycut_app;

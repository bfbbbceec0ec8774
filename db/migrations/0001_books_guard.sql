-- Ids of bulk rows are handed out in blocks by the shards (see db/bulk), in write order.
CREATE SEQUENCE order_no_seq;
--> statement-breakpoint
CREATE SEQUENCE contract_id_seq;
--> statement-breakpoint
CREATE SEQUENCE journal_id_seq;
--> statement-breakpoint
-- Reserves `n` consecutive values and returns the first. The advisory lock makes the two calls one.
CREATE FUNCTION reserve_ids(seq regclass, n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE first bigint;
BEGIN
  IF n < 1 THEN RAISE EXCEPTION 'reserve_ids: n must be positive, got %', n; END IF;
  PERFORM pg_advisory_xact_lock(7702, seq::oid::int);
  first := nextval(seq);
  IF n > 1 THEN PERFORM setval(seq, first + n - 1); END IF;
  RETURN first;
END $$;
--> statement-breakpoint
-- One partition a ledger date for each bulk table. Safe to repeat: existing ones are left alone.
-- Triggers for rows come from the table itself; one for TRUNCATE is the partition's own.
CREATE FUNCTION open_partitions(d date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t text;
  p text;
BEGIN
  PERFORM pg_advisory_xact_lock(7703, (d - date '2000-01-01'));
  FOREACH t IN ARRAY ARRAY['orders','executions','contracts','fees','journals','postings'] LOOP
    p := t || '_' || to_char(d, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(quote_ident(p)) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%L)', p, t, d);
    IF t IN ('contracts', 'fees', 'journals', 'postings') THEN
      EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                      EXECUTE FUNCTION refuse_change()', p || '_no_truncate', p);
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint
-- The books are append-only: a mistake is corrected by a reversing journal.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER journals_append_only BEFORE UPDATE OR DELETE ON journals
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER journals_no_truncate BEFORE TRUNCATE ON journals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE ON postings
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER postings_no_truncate BEFORE TRUNCATE ON postings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER contracts_append_only BEFORE UPDATE OR DELETE ON contracts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER contracts_no_truncate BEFORE TRUNCATE ON contracts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fees_append_only BEFORE UPDATE OR DELETE ON fees
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fees_no_truncate BEFORE TRUNCATE ON fees
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A contract counts while the billing run that made it succeeded and nobody discarded it.
CREATE VIEW live_contracts AS
  SELECT c.* FROM contracts c
  JOIN step_runs r ON r.step_run_id = c.billing_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;
--> statement-breakpoint
-- The state of a contract is what its unreversed journals prove (domain/ledger/journal.ts).
CREATE VIEW contract_states AS
  SELECT c.*, j.posted, j.cash_settled, j.securities_settled,
    CASE WHEN NOT j.posted THEN 3
         WHEN NOT j.securities_settled THEN 4
         WHEN NOT j.cash_settled THEN 6
         ELSE 5 END AS state
  FROM live_contracts c
  CROSS JOIN LATERAL (
    SELECT
      count(*) FILTER (WHERE kind = 'tradePosting') > count(*) FILTER (WHERE kind = 'tradePostingReversal') AS posted,
      count(*) FILTER (WHERE kind = 'cashSettlement') > count(*) FILTER (WHERE kind = 'cashSettlementReversal') AS cash_settled,
      count(*) FILTER (WHERE kind = 'securitiesSettlement') > count(*) FILTER (WHERE kind = 'securitiesSettlementReversal') AS securities_settled
    FROM journals WHERE source_id = c.contract_id AND source_kind = 'contract'
  ) j;
--> statement-breakpoint
-- Live progress: whoever listens hears which flow changed, never what; the rows say that.
CREATE FUNCTION notify_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'step_shards' THEN
    PERFORM pg_notify('daycut_progress', (SELECT ledger_date || '/' || flow FROM step_runs WHERE step_run_id = NEW.step_run_id));
  ELSE
    PERFORM pg_notify('daycut_progress', NEW.ledger_date || '/' || NEW.flow);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER flow_days_notify AFTER INSERT OR UPDATE ON flow_days
  FOR EACH ROW EXECUTE FUNCTION notify_progress();
--> statement-breakpoint
CREATE TRIGGER flow_steps_notify AFTER INSERT OR UPDATE ON flow_steps
  FOR EACH ROW EXECUTE FUNCTION notify_progress();
--> statement-breakpoint
CREATE TRIGGER commands_notify AFTER INSERT OR UPDATE ON commands
  FOR EACH ROW EXECUTE FUNCTION notify_progress();
--> statement-breakpoint
CREATE TRIGGER step_shards_notify AFTER UPDATE ON step_shards
  FOR EACH ROW EXECUTE FUNCTION notify_progress();

ALTER TABLE "journals" DROP CONSTRAINT "journals_one_per_source_kind_generation";--> statement-breakpoint
DROP INDEX "contracts_by_order";--> statement-breakpoint
DROP INDEX "journals_by_source";--> statement-breakpoint
DROP INDEX "contracts_by_cash_due";--> statement-breakpoint
DROP INDEX "contracts_by_securities_due";--> statement-breakpoint
ALTER TABLE "contracts" ADD COLUMN "fee_totals" text NOT NULL;--> statement-breakpoint
CREATE INDEX "journals_by_account" ON "journals" USING brin ("account_id") WITH (pages_per_range=16);--> statement-breakpoint
CREATE INDEX "postings_by_journal" ON "postings" USING brin ("journal_id") WITH (pages_per_range=32);--> statement-breakpoint
CREATE INDEX "contracts_by_cash_due" ON "contracts" USING btree ("cash_due_date","account_id");--> statement-breakpoint
CREATE INDEX "contracts_by_securities_due" ON "contracts" USING btree ("securities_due_date","account_id") WHERE securities_due_date <> cash_due_date;--> statement-breakpoint
ALTER TABLE "contracts" ADD CONSTRAINT "contracts_one_per_order_and_run" UNIQUE("order_no","billing_run_id","ledger_date");--> statement-breakpoint
ALTER TABLE "journals" ADD CONSTRAINT "journals_one_per_source_kind_generation" UNIQUE("source_id","kind","generation","source_kind","ledger_date");--> statement-breakpoint
DROP VIEW contract_states;
--> statement-breakpoint
DROP VIEW live_contracts;
--> statement-breakpoint
-- A contract counts while the billing run that made it succeeded and nobody discarded it.
CREATE VIEW live_contracts AS
  SELECT c.* FROM contracts c
  JOIN step_runs r ON r.step_run_id = c.billing_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;
--> statement-breakpoint
-- The state of a contract is what its unreversed journals prove (domain/ledger/journal.ts). None of
-- them is older than the contract: the bound spares the partitions of earlier ledger dates.
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
    FROM journals
    WHERE source_id = c.contract_id AND source_kind = 'contract' AND ledger_date >= c.ledger_date
  ) j;
--> statement-breakpoint
-- The trades of a flow and date: the snapshots that succeeded and count. More than one counts when
-- trades were added after a revoke that kept the postings: a sync never takes a posted trade again.
CREATE VIEW live_orders AS
  SELECT o.* FROM orders o
  JOIN step_runs r ON r.step_run_id = o.sync_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;

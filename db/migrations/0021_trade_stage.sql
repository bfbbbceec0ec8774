ALTER TABLE "contracts" ADD COLUMN "stage" text DEFAULT 'NORMAL' NOT NULL;--> statement-breakpoint
ALTER TABLE "front_office"."orders" ADD COLUMN "stage" text DEFAULT 'NORMAL' NOT NULL;--> statement-breakpoint
ALTER TABLE "front_office"."orders" ADD COLUMN "ems_order_no" text;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "stage" text DEFAULT 'NORMAL' NOT NULL;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "ems_order_no" text;--> statement-breakpoint
ALTER TABLE "supplements" ADD COLUMN "stage" text DEFAULT 'NORMAL' NOT NULL;--> statement-breakpoint
-- Views keep the columns that their tables had, so these are made anew to show the stage.
CREATE OR REPLACE VIEW live_orders AS
  SELECT o.* FROM orders o
  JOIN step_runs r ON r.step_run_id = o.sync_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;
--> statement-breakpoint
CREATE OR REPLACE VIEW live_contracts AS
  SELECT c.* FROM contracts c
  JOIN step_runs r ON r.step_run_id = c.billing_run_id
  WHERE r.status = 'SUCCEEDED' AND r.discarded_at IS NULL;
--> statement-breakpoint
DROP VIEW contract_states;
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

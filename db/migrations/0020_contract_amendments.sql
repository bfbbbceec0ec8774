CREATE TABLE "contract_amendments" (
	"amendment_id" bigserial PRIMARY KEY NOT NULL,
	"ticket_id" text NOT NULL,
	"ledger_date" date NOT NULL,
	"flow" text NOT NULL,
	"origin_ledger_date" date NOT NULL,
	"origin_contract_id" bigint NOT NULL,
	"offset_supplement_id" bigint NOT NULL,
	"new_supplement_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"asked_by" text NOT NULL,
	"approved_by" jsonb NOT NULL,
	"amended_at" timestamp with time zone NOT NULL,
	"voided_by" text,
	"voided_at" timestamp with time zone,
	CONSTRAINT "contract_amendments_one_per_ticket" UNIQUE("ticket_id")
);
--> statement-breakpoint
ALTER TABLE "fee_edits" DROP CONSTRAINT "fee_edits_charge_nothing_below_zero";--> statement-breakpoint
ALTER TABLE "fee_edits" ALTER COLUMN "contract_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "supplements" ADD COLUMN "source" text DEFAULT 'BACK_OFFICE' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "contract_amendments_one_in_force" ON "contract_amendments" USING btree ("origin_contract_id") WHERE voided_at IS NULL;--> statement-breakpoint
ALTER TABLE "fee_edits" ADD CONSTRAINT "fee_edits_belong_to_a_contract" CHECK ("fee_edits"."contract_id" IS NOT NULL OR "fee_edits"."action" IN ('AMEND', 'UNPIN'));--> statement-breakpoint
ALTER TABLE "fee_edits" ADD CONSTRAINT "fee_edits_charge_nothing_below_zero" CHECK ("fee_edits"."fee_amount" >= 0 OR "fee_edits"."action" IN ('AMEND', 'CARRY'));--> statement-breakpoint
CREATE TRIGGER contract_amendments_keep_facts BEFORE UPDATE OR DELETE ON contract_amendments
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts('voided_by', 'voided_at');
--> statement-breakpoint
REVOKE UPDATE, DELETE ON contract_amendments FROM daycut_app;
--> statement-breakpoint
GRANT UPDATE (voided_by, voided_at) ON contract_amendments TO daycut_app;
--> statement-breakpoint
-- The three contracts of each amendment; the two new ones are there while a billing of them counts.
CREATE VIEW amended_contracts AS
  SELECT m.*, o.contract_id AS offset_contract_id, n.contract_id AS new_contract_id
  FROM contract_amendments m
  LEFT JOIN LATERAL (SELECT c.contract_id FROM supplements s JOIN live_contracts c
    ON c.ledger_date = s.ledger_date AND c.account_id = s.account_id
      AND c.order_id = 'SUP-' || s.supplement_id
    WHERE s.supplement_id = m.offset_supplement_id LIMIT 1) o ON true
  LEFT JOIN LATERAL (SELECT c.contract_id FROM supplements s JOIN live_contracts c
    ON c.ledger_date = s.ledger_date AND c.account_id = s.account_id
      AND c.order_id = 'SUP-' || s.supplement_id
    WHERE s.supplement_id = m.new_supplement_id LIMIT 1) n ON true;

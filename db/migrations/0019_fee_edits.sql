CREATE TABLE "fee_edits" (
	"edit_no" bigserial PRIMARY KEY NOT NULL,
	"hand_price_no" bigint NOT NULL,
	"ledger_date" date NOT NULL,
	"flow" text NOT NULL,
	"contract_id" bigint NOT NULL,
	"account_id" bigint NOT NULL,
	"order_id" text NOT NULL,
	"trade_date" date NOT NULL,
	"action" text NOT NULL,
	"fee_code_id" smallint,
	"fee_totals" text,
	"fee_amount" numeric,
	"net_amount" numeric,
	"trade" text NOT NULL,
	"reason" text NOT NULL,
	"editor" text NOT NULL,
	"edited_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "fee_edits_hold_a_whole_bill_or_none" CHECK (("fee_edits"."fee_totals" IS NULL) = ("fee_edits"."action" = 'UNPIN')
        AND ("fee_edits"."fee_totals" IS NULL) = ("fee_edits"."fee_amount" IS NULL)
        AND ("fee_edits"."fee_totals" IS NULL) = ("fee_edits"."net_amount" IS NULL)),
	CONSTRAINT "fee_edits_charge_nothing_below_zero" CHECK ("fee_edits"."fee_amount" >= 0)
);
--> statement-breakpoint
CREATE INDEX "fee_edits_by_contract" ON "fee_edits" USING btree ("contract_id","edit_no");--> statement-breakpoint
CREATE INDEX "fee_edits_by_day" ON "fee_edits" USING btree ("ledger_date","flow","hand_price_no");--> statement-breakpoint
CREATE INDEX "fee_edits_by_account" ON "fee_edits" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "fee_edits_carried_once" ON "fee_edits" USING btree ("contract_id") WHERE action = 'CARRY';--> statement-breakpoint
CREATE TRIGGER fee_edits_append_only BEFORE UPDATE OR DELETE ON fee_edits
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fee_edits_no_truncate BEFORE TRUNCATE ON fee_edits
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
REVOKE UPDATE, DELETE ON fee_edits FROM daycut_app;
--> statement-breakpoint
-- The bill of a contract that is priced by hand: its newest edit, unless that gave the price up.
CREATE VIEW hand_prices AS
  SELECT e.* FROM fee_edits e
  WHERE e.fee_totals IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM fee_edits l WHERE l.contract_id = e.contract_id AND l.edit_no > e.edit_no);

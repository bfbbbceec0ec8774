CREATE TABLE "stamp_duty_edits" (
	"edit_no" bigserial PRIMARY KEY NOT NULL,
	"instrument_id" text NOT NULL,
	"flow" text NOT NULL,
	"exempt" boolean,
	"effective_from" date NOT NULL,
	"expires_on" date NOT NULL,
	"reason" text NOT NULL,
	"ledger_date" date NOT NULL,
	"editor" text NOT NULL,
	"edited_at" timestamp with time zone NOT NULL,
	CONSTRAINT "stamp_duty_edits_end_after_they_begin" CHECK ("stamp_duty_edits"."expires_on" >= "stamp_duty_edits"."effective_from")
);
--> statement-breakpoint
CREATE INDEX "stamp_duty_edits_by_instrument" ON "stamp_duty_edits" USING btree ("instrument_id","edit_no");--> statement-breakpoint
CREATE TRIGGER stamp_duty_edits_append_only BEFORE UPDATE OR DELETE ON stamp_duty_edits
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER stamp_duty_edits_no_truncate BEFORE TRUNCATE ON stamp_duty_edits
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

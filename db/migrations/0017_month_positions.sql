CREATE TABLE "month_positions" (
	"ledger_date" date NOT NULL,
	"contract_id" bigint NOT NULL,
	"line" smallint NOT NULL,
	"before" numeric NOT NULL,
	CONSTRAINT "month_positions_pk" PRIMARY KEY("ledger_date","contract_id","line")
);
--> statement-breakpoint
CREATE TRIGGER month_positions_append_only BEFORE UPDATE OR DELETE ON month_positions
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER month_positions_no_truncate BEFORE TRUNCATE ON month_positions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
REVOKE UPDATE, DELETE ON month_positions FROM daycut_app;

CREATE TABLE "activity_attempts" (
	"run_id" text NOT NULL,
	"activity_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"workflow_id" text NOT NULL,
	"activity_type" text NOT NULL,
	"worker" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone NOT NULL,
	"code" text,
	"input_sha256" text NOT NULL,
	"result_sha256" text,
	CONSTRAINT "activity_attempts_pk" PRIMARY KEY("run_id","activity_id","attempt")
);
--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "sdk_version" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "bundle_hash" DROP NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "archived_histories_by_run" ON "archived_histories" USING btree ("run_id");--> statement-breakpoint
-- What auditors rely on is written once.
CREATE TRIGGER archived_histories_append_only BEFORE UPDATE OR DELETE ON archived_histories
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER archived_histories_no_truncate BEFORE TRUNCATE ON archived_histories
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER workflow_bundles_append_only BEFORE UPDATE OR DELETE ON workflow_bundles
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER workflow_bundles_no_truncate BEFORE TRUNCATE ON workflow_bundles
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER activity_attempts_append_only BEFORE UPDATE OR DELETE ON activity_attempts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER activity_attempts_no_truncate BEFORE TRUNCATE ON activity_attempts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE "archived_histories" (
	"workflow_id" text NOT NULL,
	"run_id" text NOT NULL,
	"reason" text NOT NULL,
	"history" "bytea" NOT NULL,
	"archived_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "archived_histories_pk" PRIMARY KEY("workflow_id","run_id")
);

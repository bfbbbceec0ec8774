CREATE TABLE "audit_chain" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"event_id" bigint NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"prev_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_chain_one_link_per_event" UNIQUE("event_id")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"event_id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"ledger_date" date,
	"person" text NOT NULL,
	"account" text,
	"action" text NOT NULL,
	"outcome" text NOT NULL,
	"code" text,
	"permission" text,
	"target_type" text NOT NULL,
	"target_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"ticket_id" text,
	"command_id" text,
	"workflow_id" text,
	"run_id" text,
	"request_id" text
);
--> statement-breakpoint
CREATE TABLE "audit_head" (
	"one" boolean PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_head_is_one_row" CHECK ("audit_head"."one")
);
--> statement-breakpoint
CREATE TABLE "daily_roots" (
	"ledger_date" date PRIMARY KEY NOT NULL,
	"previous_date" date,
	"previous_root" "bytea" NOT NULL,
	"journals" integer NOT NULL,
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
	"leaf_prefixes" "bytea" NOT NULL,
	CONSTRAINT "journal_seals_pk" PRIMARY KEY("ledger_date","step_run_id","shard","chunk")
);
--> statement-breakpoint
CREATE TABLE "workflow_bundles" (
	"bundle_hash" text PRIMARY KEY NOT NULL,
	"sdk_version" text NOT NULL,
	"release" text NOT NULL,
	"code" "bytea" NOT NULL,
	"audit_code" "bytea" NOT NULL,
	"stored_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "people" (
	"person_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"active" boolean NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "permissions" (
	"code" text PRIMARY KEY NOT NULL,
	"description" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "person_roles" (
	"person_id" text NOT NULL,
	"role" text NOT NULL,
	CONSTRAINT "person_roles_pk" PRIMARY KEY("person_id","role")
);
--> statement-breakpoint
CREATE TABLE "role_permissions" (
	"role" text NOT NULL,
	"code" text NOT NULL,
	CONSTRAINT "role_permissions_pk" PRIMARY KEY("role","code")
);
--> statement-breakpoint
CREATE TABLE "roles" (
	"role" text PRIMARY KEY NOT NULL,
	"description" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_accounts" (
	"account" text PRIMARY KEY NOT NULL,
	"person_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_decisions" (
	"decision_id" bigserial PRIMARY KEY NOT NULL,
	"ticket_id" text NOT NULL,
	"request_id" text NOT NULL,
	"node" smallint NOT NULL,
	"kind" text NOT NULL,
	"person" text NOT NULL,
	"account" text NOT NULL,
	"reason" text NOT NULL,
	"decided_at" timestamp with time zone NOT NULL,
	"taken_at" timestamp with time zone,
	"counted" boolean,
	"ignored_because" text,
	CONSTRAINT "ticket_decisions_one_per_request" UNIQUE("request_id")
);
--> statement-breakpoint
CREATE TABLE "ticket_flows" (
	"ticket_key" text NOT NULL,
	"version" integer NOT NULL,
	"definition" jsonb NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ticket_flows_pk" PRIMARY KEY("ticket_key","version")
);
--> statement-breakpoint
CREATE TABLE "tickets" (
	"ticket_id" text PRIMARY KEY NOT NULL,
	"ticket_key" text NOT NULL,
	"target_type" text NOT NULL,
	"target_id" text NOT NULL,
	"target_version" text NOT NULL,
	"ledger_date" date,
	"flow" text,
	"payload" jsonb NOT NULL,
	"payload_hash" text NOT NULL,
	"before" jsonb NOT NULL,
	"after" jsonb NOT NULL,
	"amount" numeric,
	"currency" text,
	"level" smallint NOT NULL,
	"reason" text NOT NULL,
	"maker" text NOT NULL,
	"maker_account" text NOT NULL,
	"flow_version" integer NOT NULL,
	"nodes" jsonb NOT NULL,
	"auto_approved" boolean NOT NULL,
	"status" text NOT NULL,
	"node" smallint NOT NULL,
	"node_since" timestamp with time zone NOT NULL,
	"reminders" integer NOT NULL,
	"escalated" boolean NOT NULL,
	"revision" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"final_at" timestamp with time zone,
	"result_code" text,
	"result" jsonb
);
--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "workflow_type" text;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "ledger_date" date;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "close_status" text;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "events" integer;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "sha256" text;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "sdk_version" text;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "bundle_hash" text;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "started_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "archived_histories" ADD COLUMN "closed_at" timestamp with time zone;--> statement-breakpoint
-- Histories that an earlier release kept say less about themselves, and are not compressed.
UPDATE "archived_histories" SET
	"workflow_type" = CASE WHEN "workflow_id" LIKE 'clearing/%' THEN 'clearingFlow' ELSE 'ledgerDay' END,
	"ledger_date" = substring("workflow_id" from '\d{4}-\d{2}-\d{2}')::date,
	"close_status" = 'TERMINATED',
	"events" = 0,
	"sha256" = encode(sha256("history"), 'hex'),
	"started_at" = "archived_at";--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "workflow_type" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "close_status" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "events" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "sha256" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_histories" ALTER COLUMN "started_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "person_roles" ADD CONSTRAINT "person_roles_person_id_people_person_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("person_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_roles" ADD CONSTRAINT "person_roles_role_roles_role_fk" FOREIGN KEY ("role") REFERENCES "public"."roles"("role") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_permissions" ADD CONSTRAINT "role_permissions_role_roles_role_fk" FOREIGN KEY ("role") REFERENCES "public"."roles"("role") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_permissions" ADD CONSTRAINT "role_permissions_code_permissions_code_fk" FOREIGN KEY ("code") REFERENCES "public"."permissions"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_in_accounts" ADD CONSTRAINT "sign_in_accounts_person_id_people_person_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("person_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_decisions" ADD CONSTRAINT "ticket_decisions_ticket_id_tickets_ticket_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("ticket_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_events_by_target" ON "audit_events" USING btree ("target_type","target_id","event_id");--> statement-breakpoint
CREATE INDEX "audit_events_by_date" ON "audit_events" USING btree ("ledger_date","event_id");--> statement-breakpoint
CREATE INDEX "audit_events_by_person" ON "audit_events" USING btree ("person","event_id");--> statement-breakpoint
CREATE INDEX "ticket_decisions_by_ticket" ON "ticket_decisions" USING btree ("ticket_id","decision_id");--> statement-breakpoint
CREATE INDEX "ticket_decisions_untaken" ON "ticket_decisions" USING btree ("decision_id") WHERE taken_at IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "tickets_one_open_per_target" ON "tickets" USING btree ("ticket_key","target_type","target_id") WHERE status IN ('PENDING', 'APPROVED', 'EXECUTING');--> statement-breakpoint
CREATE INDEX "tickets_by_status" ON "tickets" USING btree ("status","created_at");--> statement-breakpoint
CREATE INDEX "tickets_by_target" ON "tickets" USING btree ("target_type","target_id");--> statement-breakpoint
CREATE INDEX "archived_histories_by_date" ON "archived_histories" USING btree ("ledger_date");
DROP INDEX "tickets_by_status";--> statement-breakpoint
ALTER TABLE "ticket_decisions" ADD COLUMN "by_escalation" boolean NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "seq" bigserial NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "target" jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "tickets_by_status" ON "tickets" USING btree ("status","seq");--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_seq" UNIQUE("seq");
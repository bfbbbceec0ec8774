import { createHash } from 'node:crypto';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { FeeChoice, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Db } from '../client.ts';

/** What a fee row of one line of a plan points to. */
export interface LineIds {
  readonly feeCodeId: number;
  readonly choiceId: number;
}

/**
 * Stores each choice of rule once, whoever finds it first, and remembers its id. Choices are shared
 * by all runs, so they are written outside of the chunk: one that no fee row uses does no harm.
 */
export class FeeChoices {
  private readonly db: Db;
  private readonly feeCodeIds: ReadonlyMap<string, number>;
  private readonly known = new Map<TariffPlan, readonly LineIds[]>();

  constructor(db: Db, feeCodeIds: ReadonlyMap<string, number>) {
    this.db = db;
    this.feeCodeIds = feeCodeIds;
  }

  /** The ids of each line of the plan, or undefined before `store` was called for it. */
  idsOf(plan: TariffPlan): readonly LineIds[] | undefined {
    return this.known.get(plan);
  }

  async store(plan: TariffPlan): Promise<void> {
    const ids: LineIds[] = [];
    for (const { choice } of plan.lines) {
      const feeCodeId = this.feeCodeIds.get(choice.feeCode);
      if (feeCodeId === undefined) {
        throw new ClearingError('FEE_RULE_MISSING', {
          why: 'the fee code is not in the list of fee codes',
          feeCode: choice.feeCode,
        });
      }
      ids.push({ feeCodeId, choiceId: await this.idOf(choice) });
    }
    this.known.set(plan, ids);
  }

  private async idOf(choice: FeeChoice): Promise<number> {
    const json = JSON.stringify(choice);
    const digest = createHash('sha256').update(json).digest('hex');
    const find = 'SELECT choice_id AS id FROM fee_choices WHERE digest = $1';
    const found = await this.db.$client.query<{ id: number }>(find, [digest]);
    if (found.rows[0]) return found.rows[0].id;
    const added = await this.db.$client.query<{ id: number }>(
      `INSERT INTO fee_choices (digest, rule_id, choice) VALUES ($1, $2, $3)
       ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING choice_id AS id`,
      [digest, choice.ruleId, json],
    );
    return added.rows[0]?.id ?? 0;
  }
}

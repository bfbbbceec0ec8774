import { createHash } from 'node:crypto';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import type { FeeChoice, TariffPlan } from '../../domain/fees/tariff-plan.ts';
import type { Db } from '../client.ts';

/** What a fee row of one line of a plan points to. */
export interface LineIds {
  readonly feeCodeId: number;
  readonly choiceId: number;
  /** Both as COPY fields between the fields beside them. */
  readonly middle: string;
  readonly choice: string;
}

/**
 * Stores each choice of rule once, whoever finds it first, and remembers its id. Choices are shared
 * by all runs, so they are written outside of the chunk: one that no fee row uses does no harm.
 */
export class FeeChoices {
  private readonly db: Db;
  private readonly feeCodeIds: ReadonlyMap<string, number>;
  private readonly stored: Map<string, number>;
  private readonly known: WeakMap<TariffPlan, readonly LineIds[]>;

  constructor(db: Db, feeCodeIds: ReadonlyMap<string, number>) {
    this.db = db;
    this.feeCodeIds = feeCodeIds;
    const { stored, plans } = knownIn(db);
    this.stored = stored;
    this.known = plans;
  }

  /** The ids of each line of the plan, or undefined before `store` was called for it. */
  idsOf(plan: TariffPlan): readonly LineIds[] | undefined {
    return this.known.get(plan);
  }

  /** Throws BOOKS_OUT_OF_BALANCE for a plan that would charge a fee code twice. */
  async store(plan: TariffPlan): Promise<void> {
    if (new Set(plan.lines.map(({ feeCode }) => feeCode)).size < plan.lines.length) {
      throw new ClearingError('BOOKS_OUT_OF_BALANCE', {
        what: 'two lines of a tariff for one fee code',
        ...plan.query,
      });
    }
    const choices = plan.lines.map(({ choice }) => ({ choice, digest: digestOf(choice) }));
    const missing = choices.filter(({ digest }) => !this.stored.has(digest));
    if (missing.length > 0) await this.storeChoices(missing);
    const ids = choices.map(({ choice, digest }) => {
      const feeCodeId = this.feeCodeIdOf(choice.feeCode);
      const choiceId = this.stored.get(digest) ?? 0;
      return { feeCodeId, choiceId, middle: `\t${feeCodeId}\t`, choice: `\t${choiceId}\t` };
    });
    this.known.set(plan, ids);
  }

  private feeCodeIdOf(feeCode: string): number {
    const id = this.feeCodeIds.get(feeCode);
    if (id !== undefined) return id;
    throw new ClearingError('FEE_RULE_MISSING', {
      why: 'the fee code is not in the list of fee codes',
      feeCode,
    });
  }

  private async storeChoices(
    choices: readonly { readonly choice: FeeChoice; readonly digest: string }[],
  ): Promise<void> {
    const { rows } = await this.db.$client.query<{ id: number; digest: string }>(
      `INSERT INTO fee_choices (digest, rule_id, choice)
       SELECT * FROM unnest($1::text[], $2::int[], $3::jsonb[])
       ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest
       RETURNING choice_id AS id, digest`,
      [
        choices.map(({ digest }) => digest),
        choices.map(({ choice }) => choice.ruleId),
        choices.map(({ choice }) => JSON.stringify(choice)),
      ],
    );
    for (const { id, digest } of rows) this.stored.set(digest, id);
  }
}

const digestOf = (choice: FeeChoice): string =>
  createHash('sha256').update(JSON.stringify(choice)).digest('hex');

interface Known {
  /** Choice ids by digest. */
  readonly stored: Map<string, number>;
  readonly plans: WeakMap<TariffPlan, readonly LineIds[]>;
}

/** Ids of choices never change, so all shards of a process share what they learnt. */
const KNOWN = new WeakMap<Db, Known>();

function knownIn(db: Db): Known {
  let known = KNOWN.get(db);
  if (known === undefined) KNOWN.set(db, (known = { stored: new Map(), plans: new WeakMap() }));
  return known;
}

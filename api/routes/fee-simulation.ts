import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { simulateFees, type NumberedOrder } from '../../db/fee-simulation.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import {
  HYPOTHETICAL_ORDER_COLUMNS,
  OPTIONAL_HYPOTHETICAL_COLUMNS,
  readHypotheticalOrder,
} from '../../domain/fees/hypothetical-order.ts';
import type { RawRow, RowError } from '../../domain/front-office/row-reader.ts';
import { rowsRefused, SHOWN_ERRORS } from '../../domain/front-office/row-refusal.ts';
import { byColumn, judgesBodyLater, readCsv } from '../csv.ts';
import { itemsOf } from '../items.ts';
import { HypotheticalOrderBody, SimulationView } from '../schemas/fee-simulation.ts';
import { Id, strict } from '../schemas/fields.ts';

/** Each answers with all of its fees; who wants more asks again. */
const MOST_ORDERS = 1_000;

interface ReadOrders {
  readonly orders: readonly NumberedOrder[];
  readonly errors: readonly RowError[];
}

function readOrders(raws: readonly RawRow[]): ReadOrders {
  if (raws.length > MOST_ORDERS) {
    const details = { what: 'orders', found: raws.length, most: MOST_ORDERS };
    throw new ClearingError('OUT_OF_RANGE', details);
  }
  const orders: NumberedOrder[] = [];
  const errors: RowError[] = [];
  raws.forEach((raw, at) => {
    const read = readHypotheticalOrder(raw, at + 1);
    if (read.ok) orders.push({ row: at + 1, order: read.row });
    else errors.push(...read.errors);
  });
  return { orders, errors };
}

async function rowsOfFile(body: Buffer): Promise<RawRow[]> {
  const raws: RawRow[] = [];
  for await (const batch of readCsv(
    body,
    HYPOTHETICAL_ORDER_COLUMNS,
    OPTIONAL_HYPOTHETICAL_COLUMNS,
  )) {
    raws.push(...batch);
  }
  return raws;
}

/** What orders would cost. It writes nothing, so it needs no Idempotency-Key. */
export const feeSimulationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  // Beside JSON, on this route only.
  app.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.post(
    '/fees/simulate',
    {
      config: { permission: 'billing.fee_simulation_exec' },
      validatorCompiler: judgesBodyLater,
      schema: {
        operationId: 'simulateFees',
        tags: ['fees'],
        summary: 'What orders would cost, by the code that bills; nothing is written',
        description:
          'One order, { items } or a CSV file of at most 1,000. A request is priced whole or ' +
          'refused with every error; of a file the good rows are priced and the bad ones listed. ' +
          `The header of the file is ${HYPOTHETICAL_ORDER_COLUMNS.join(',')}; ` +
          `${OPTIONAL_HYPOTHETICAL_COLUMNS.join(',')} may follow`,
        consumes: ['application/json', 'text/csv'],
        querystring: strict({
          policyVersion: Type.Optional(
            Type.Integer({ ...Id, description: 'Rules up to this id; without it all of them.' }),
          ),
        }),
        body: Type.Union([
          HypotheticalOrderBody,
          strict({ items: Type.Array(HypotheticalOrderBody, { minItems: 1, maxItems: 1000 }) }),
        ]),
        response: { 200: SimulationView },
      },
    },
    async ({ body, query }) => {
      const file: unknown = body;
      const isFile = Buffer.isBuffer(file);
      const read = readOrders(isFile ? await rowsOfFile(file) : itemsOf(file));
      if (!isFile && read.errors.length > 0) throw rowsRefused(read.errors);
      const { orders, errors } = await simulateFees(
        app.daycut.db,
        read.orders,
        query.policyVersion,
      );
      if (!isFile && errors.length > 0) throw rowsRefused(errors);
      const all = byColumn([...read.errors, ...errors]).toSorted((a, b) => a.row - b.row);
      return {
        saved: false as const,
        orders,
        bad: new Set(all.map(({ row }) => row)).size,
        errors: all.slice(0, SHOWN_ERRORS),
        errorsOmitted: Math.max(0, all.length - SHOWN_ERRORS),
      };
    },
  );
};

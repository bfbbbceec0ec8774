import { integer, integers } from './sql-literal.ts';
import {
  either,
  executionsOf,
  inForce,
  lateDates,
  ownDates,
  type SyncScope,
} from './sync-scope.ts';

/** Posted trades that the front office changed or cancelled since: the posted contract stays. */
export function changedTrades(scope: SyncScope): readonly string[] {
  const { postedSyncRunIds, earlierSyncRunIds } = scope.inputs;
  return [
    ...(postedSyncRunIds.length > 0 ? [changedToday(scope)] : []),
    ...(earlierSyncRunIds.length > 0 ? [changedEarlier(scope)] : []),
  ];
}

/** Trades that this ledger date has posted: few runs, all of whose trades are compared. */
function changedToday(scope: SyncScope): string {
  const { ledgerDate, inputs } = scope;
  return changesOf(
    scope,
    `SELECT ${HELD} FROM ${executionsOf(ledgerDate, ledgerDate, inputs.postedSyncRunIds)}
       AND xo.source = 'FRONT_OFFICE'`,
  );
}

/**
 * Trades of earlier ledger dates. Newer versions are few, so what they change is looked up by id:
 * executions of the trade dates that are looked at, and orders that arrived since. A change is news
 * until a ledger date has listed it: when it was recorded does not tell, since we may hear of it
 * long after the cutoff.
 */
function changedEarlier(scope: SyncScope): string {
  const { ledgerDate, inputs } = scope;
  const { cutAt, oldest, earlierSyncRunIds, changedOrders } = inputs;
  const held = executionsOf(oldest, ledgerDate, earlierSyncRunIds);
  const dates = either([ownDates(inputs), lateDates(inputs, 'e')]);
  return `${changesOf(
    scope,
    `SELECT h.* FROM (SELECT * FROM front_office.executions e
        WHERE ${dates} AND e.version > 1 AND ${inForce('e', cutAt)} OFFSET 0) e
      CROSS JOIN LATERAL (SELECT ${HELD} FROM ${held} AND x.execution_id = e.execution_id) h
     UNION
     SELECT h.* FROM (SELECT * FROM front_office.orders o
        WHERE o.version > 1 AND o.arrival_no > ${integer(changedOrders.after)}
          AND ${inForce('o', cutAt)} OFFSET 0) o
      CROSS JOIN LATERAL (SELECT ${HELD} FROM ${held} AND xo.order_id = o.order_id) h`,
  )}
  AND NOT EXISTS (SELECT 1 FROM trade_exceptions t
    WHERE t.sync_run_id IN ${integers(earlierSyncRunIds)} AND t.execution_id = h.execution_id
      AND t.reason = 'CHANGED_AFTER_POSTING'
      AND (t.details ->> 'version')::int IS NOT DISTINCT FROM e.version
      AND (t.details ->> 'orderVersion')::int IS NOT DISTINCT FROM o.version)`;
}

const HELD = `x.ledger_date, x.execution_id, x.execution_version, xo.order_id, xo.order_version,
  xo.account_id, xo.asset_id, xo.side, xo.order_channel, xo.settlement_channel, xo.stage,
  xo.ems_order_no`;

/**
 * The trades of `held` that the front office now tells otherwise. A later version of an execution
 * is another trade; of an order only what contracts are made of is compared, since an order lives
 * on after its trades and may get another quantity.
 */
function changesOf({ inputs: { cutAt } }: SyncScope, held: string): string {
  return `SELECT h.execution_id, h.order_id, jsonb_build_object(
      'bookedVersion', h.execution_version, 'version', e.version, 'cancelled', e.cancelled,
      'bookedOrderVersion', h.order_version, 'orderVersion', o.version,
      'orderCancelled', o.cancelled, 'bookedOn', h.ledger_date) AS details
    FROM (${held}) h
    LEFT JOIN front_office.executions e
      ON e.execution_id = h.execution_id AND ${inForce('e', cutAt)}
    LEFT JOIN front_office.orders o ON o.order_id = h.order_id AND ${inForce('o', cutAt)}
    LEFT JOIN accounts a ON a.account_no = o.account_no
    LEFT JOIN instruments i ON i.instrument_id = o.instrument_id
    WHERE (e.cancelled IS NOT FALSE OR e.version <> h.execution_version
      OR o.cancelled IS NOT FALSE OR (o.version <> h.order_version
        AND (o.side, o.order_channel, o.settlement_channel, o.stage, o.ems_order_no, a.account_id,
            i.asset_id) IS DISTINCT
          FROM (h.side, h.order_channel, h.settlement_channel, h.stage, h.ems_order_no, h.account_id,
            h.asset_id)))`;
}
